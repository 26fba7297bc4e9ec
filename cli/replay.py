"""``undercurrent replay``: run the stages again, from any place of the stream, into a generation beside the live one.

Nothing outside sees what it writes: the publisher alone writes public topics, and it does so from the active
generation. ``undercurrent compare`` says what would change.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.asking import confirmed
from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.processes import python_path
from cli.times import time_of
from cli.words import count
from connectors.kafka.names import GENERATION, PREFIX, Naming
from contracts.errors import PipelineError, WrongUsage
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.replay import Advances, Replay, Since, begin, check, drop, own_topics
from wiring.kafka.running import Site
from wiring.supervising.relay import Relay, SharedLog
from wiring.supervisor import Command, Launch, OneLog, Stage, Supervisor, log_width

NOT_DRAINED = 1
TOLD_EVERY_S = 5.0

HISTORY_EPOCH_S = 30.0
"""Least seconds between snapshots of a first stage that has an end: what changed in between is written once."""


def replay(
    generation: Annotated[str, typer.Option(help="The generation to make, say g2.")],
    source: Annotated[str, typer.Option("--from", help="journal, redacted, enriched or assignments.")],
    of: Annotated[str, typer.Option(help="The generation whose topic is read.")] = GENERATION,
    offset: Annotated[
        list[str] | None, typer.Option(help="Begin there: N, or PARTITION=N; may be given again.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Begin with what arrived in the topic since, say 2026-01-31T12:00:00Z.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="A table that undercurrent labeller --answers filled.")
    ] = None,
    until_end: Annotated[
        bool,
        typer.Option(
            "--until-end/--follow", help="End where the topic ends now, or go on with live traffic."
        ),
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes of each stage.")] = 1,
    data: DataOption = DATA,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    restart: Annotated[bool, typer.Option("--restart", help="Drop the generation first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before dropping.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the log as JSON objects.")] = False,
) -> None:
    """Run the stages behind a topic again, into topics and state of their own; the same command goes on.

    Example: undercurrent replay --generation g2 --from enriched --until-end
    """
    naming = Naming(prefix=prefix, generation=generation)
    site = Site(named_cluster(load_settings()), naming, data, partitions or deployed_partitions())
    since = read_since(offset or [], time, site.partitions)
    if restart:
        check(site, source, of, since, answers)
        _drop(site, of, yes=yes)
    begun, new = begin(site, source, of, since, answers)
    plan = [_stage(site, begun, stage, workers, until_end=until_end) for stage in begun.stages]
    log = SharedLog(sys.stdout, as_json=as_json, width=log_width(plan))
    for line in _told(begun, new=new):
        log.say(line)
    advances = Advances(site, begun)
    run = Relay(plan, log, partial(_caught_up, advances)).run if until_end else Supervisor(plan, log).run
    try:
        with _telling(advances, log):
            drained = run()
    finally:
        log.end()
    raise typer.Exit(0 if drained else NOT_DRAINED)


def _told(begun: Replay, *, new: bool) -> Iterator[str]:
    """What is run, and from where."""
    verb = "begins" if new else "goes on"
    said = f"{verb} from {begun.source} of {begun.of}, {begun.since}: {', '.join(begun.stages)}"
    yield f"generation {begun.generation} {said}"
    if begun.starts:
        yield "state starts empty: windows, themes and counts begin there"


def read_since(offsets: list[str], time: str | None, partitions: int) -> Since:
    """``--offset`` and ``--time`` as a place. Raises ``WrongUsage``."""
    if offsets and time:
        raise WrongUsage("give --offset or --time, not both")
    if time is not None:
        return Since(time=time_of(time, "--time", datetime.now(UTC)))
    found: dict[int, int] = {}
    for told in offsets:
        place, _, number = told.rpartition("=")
        if not number.isdecimal() or (place and not place.isdecimal()):
            raise WrongUsage(f"--offset {told}: write N for every partition, or PARTITION=N")
        found |= {int(place): int(number)} if place else dict.fromkeys(range(partitions), int(number))
    return Since(found or None)


def _drop(site: Site, of: str, *, yes: bool) -> None:
    generation = site.naming.generation
    if generation in (of, GENERATION):
        raise WrongUsage(f"--restart would drop generation {generation}, which is not this replay's to drop")
    what = f"generation {generation}: {len(own_topics(site.naming))} topics and {site.data / generation}"
    if not yes:
        confirmed(f"Drop {what}?")
    drop(site)


def _stage(site: Site, begun: Replay, stage: str, workers: int, *, until_end: bool) -> Stage:
    where = ("--data", str(site.data), "--partitions", str(site.partitions))
    names = ("--prefix", site.naming.prefix, "--generation", site.naming.generation)
    argv = ("flow", stage, *where, *names)
    if stage != begun.stages[0]:
        return Stage(stage, _command(argv, workers), workers)
    argv = (*argv, *entry_options(begun.of, begun.starts), *(("--until-end",) if until_end else ()))
    env = {"UNDERCURRENT_EPOCH_S": str(max(load_settings().epoch_s, HISTORY_EPOCH_S))} if until_end else {}
    return Stage(stage, _command(argv, workers, env), workers, finite=until_end)


def entry_options(of: str, starts: Mapping[int, int]) -> tuple[str, ...]:
    """What the first stage of a replay is told beside what every stage is told."""
    told = ",".join(f"{p}={offset}" for p, offset in sorted(starts.items()))
    return ("--reads", of, *(("--starts", told) if told else ()))


def _command(argv: tuple[str, ...], workers: int, more: Mapping[str, str] | None = None) -> Command:
    env = {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1", **(more or {})}

    def command(process: int, addresses: tuple[str, ...]) -> Launch:
        peers = ("--addresses", ";".join(addresses)) if workers > 1 else ()
        return Launch((sys.executable, "-m", "cli", *argv, "--process-id", str(process), *peers), env)

    return command


def _caught_up(advances: Advances, stage: str) -> bool:
    """Whether a stage says that it has read all of its input; no while the broker does not answer."""
    try:
        return all(one.done >= one.there for one in advances.read() if one.stage == stage)
    except PipelineError:
        return False


@contextmanager
def _telling(advances: Advances, log: OneLog) -> Iterator[None]:
    """A line of progress now and then, as long as there is some."""
    over = threading.Event()

    def tell() -> None:
        before = ""
        while not over.wait(TOLD_EVERY_S):
            line = _progress(advances)
            if line != before:
                log.say(line)
            before = line

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _progress(advances: Advances) -> str:
    try:
        found = advances.read()
    except PipelineError as exc:
        return f"progress is not known: {exc}"
    return " · ".join(f"{one.stage} {count(one.done)} of {count(one.there)}" for one in found)
