"""``undercurrent flow``: one stage on Kafka, as one process or as a group that is restarted together."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.asking import confirmed
from cli.processes import NOTICE, python_path
from connectors.kafka.names import GENERATION, PREFIX, Naming
from contracts.errors import WrongUsage
from models.encoders.guarded import GuardedEncoder
from settings import Settings, load_settings
from wiring.appending import Given, kafka_orders
from wiring.deadletters.kafka import KafkaTopics
from wiring.engine import tune_process
from wiring.healing import AUTHOR, ENCODER_AWAY, Healer, lacking, watch
from wiring.health import HealthFile, Probes, Readiness, serving
from wiring.kafka.broker import named_cluster
from wiring.kafka.home import Member, StageHome, joined
from wiring.kafka.indexes import indexes
from wiring.kafka.recovery import Entry
from wiring.kafka.recovery import rebuild_stage as drop_state
from wiring.kafka.replay import own_answers
from wiring.kafka.running import Site, StageRunning, run_stage
from wiring.kafka.sharing import refuse_strange_keys
from wiring.stage import open_stage
from wiring.supervisor import Launch, OneLog, Stage, Supervisor, log_width
from wiring.topics import STAGES, load_topics

DATA = Path("data")

StageName = Annotated[str, typer.Argument(help=f"One of {', '.join(STAGES)}.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder of keys and recovery stores.")]
SaidData = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of keys and recovery stores on Kafka.", show_default=str(DATA)),
]
"""The same for commands that act without Kafka too: None where nobody said it, so that no word is passed over."""

Generation = Annotated[str, typer.Option(help="Which generation of the flows.")]
Prefix = Annotated[str, typer.Option(help="What the names of all topics begin with.")]
Partitions = Annotated[
    int | None, typer.Option(min=1, help="Journal partitions; fixed for ever. Default: as declared.")
]


def deployed_partitions() -> int:
    """The declared number of journal partitions on Kafka."""
    return int(load_topics()["journal"].partitions["deployed"])


def flow(
    stage: StageName,
    data: DataOption = DATA,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the partitions.")] = 1,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    until_end: Annotated[bool, typer.Option(help="End at the end that the input has now.")] = False,
    reads: Annotated[
        str | None, typer.Option(help="The generation whose topic is the input; default: its own.")
    ] = None,
    starts: Annotated[
        str, typer.Option(help="Offsets to begin at, PARTITION=OFFSET,…; a replay's first stage.")
    ] = "",
    health_port: Annotated[int, typer.Option(help="Answer /livez, /readyz and /metrics there.")] = 0,
    process_id: Annotated[int | None, typer.Option(hidden=True)] = None,
    addresses: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Run one stage on the cluster that KAFKA_BOOTSTRAP_SERVERS names, from its last snapshot on.

    Example: undercurrent flow themes --data /var/lib/undercurrent --workers 2
    """
    if stage not in STAGES:
        raise WrongUsage(f"{stage}: no stage; there are {', '.join(STAGES)}")
    settings = load_settings()
    naming = Naming(prefix=prefix, generation=generation)
    site = Site(named_cluster(settings), naming, data, partitions or deployed_partitions())
    entry = Entry(reads, read_starts(starts))
    if workers > 1 and process_id is None:
        _run_group(stage, workers)
        return
    member = Member(process_id or 0, tuple(filter(None, addresses.split(";"))))
    run_one(stage, site, settings, member, entry, follow=not until_end, health_port=health_port)


def rebuild_stage(
    stage: StageName,
    data: DataOption = DATA,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before dropping.")] = False,
) -> None:
    """Drop a stage's state; its next start makes it again from its input, and writes nothing twice.

    Example: undercurrent rebuild-stage themes --data /var/lib/undercurrent
    """
    if stage not in STAGES:
        raise WrongUsage(f"{stage}: no stage; there are {', '.join(STAGES)}")
    home = StageHome(data / Naming(prefix=prefix, generation=generation).generation / stage)
    if not home.root.is_dir():
        raise WrongUsage(f"{home.root}: stage {stage} never ran here; name its --data and --generation")
    if not yes:
        confirmed(f"Drop the state in {home.root}?")
    with joined(home, Member(), partial(drop_state, home)):
        typer.echo(f"{home.root}: dropped; the next start reads the input of {stage} from its beginning")


def read_starts(told: str) -> dict[int, int]:
    """``"0=12,3=99"`` as partitions and offsets. Raises ``WrongUsage``."""
    pairs = [part.partition("=") for part in told.split(",") if part]
    if not all(place.isdecimal() and offset.isdecimal() for place, _, offset in pairs):
        raise WrongUsage(f"--starts {told}: write PARTITION=OFFSET, several with commas between them")
    return {int(place): int(offset) for place, _, offset in pairs}


def run_one(
    stage: str,
    site: Site,
    settings: Settings,
    member: Member,
    entry: Entry,
    *,
    follow: bool,
    health_port: int,
) -> None:
    """This process's part of a stage. Raises ``PipelineError``."""
    home = site.home(stage)
    if not home.manifest.exists():  # what has run here has run with the keys here
        refuse_strange_keys(site)
    beat = HealthFile(home.root / f"health-{member.process}.json", stage)
    readiness = Readiness()
    with ExitStack() as closing:
        if health_port:
            probes = Probes(beat_of=beat.path, readiness=readiness)
            closing.enter_context(serving(probes, health_port + member.process))
        opened = open_stage(
            stage, site.keys, settings, site.partitions, indexes(site, settings), own_answers(site)
        )
        closing.callback(opened.close)
        for notice in opened.notices:
            print(NOTICE + notice, file=sys.stderr, flush=True)  # noqa: T201 - the process's log
        tune_process()
        healer = _healer(site, home, opened.guard, member) if opened.guard else None
        how = StageRunning(
            follow=follow,
            epoch=timedelta(seconds=settings.epoch_s),
            member=member,
            entry=entry,
            on_poll=_on_poll(beat, readiness, healer),
            on_lines=opened.expect,
        )
        run_stage(opened.pipeline, site, how)


def _healer(site: Site, home: StageHome, guard: GuardedEncoder, member: Member) -> Healer | None:
    """Orders what keywords stood in for; every process of a group leaves the mark, and the first one sees to it."""

    def say(line: str) -> None:
        print(NOTICE + line, file=sys.stderr, flush=True)  # noqa: T201 - the process's log

    def give(given: Sequence[Given]) -> None:
        with kafka_orders(site, lambda: datetime.now(UTC)) as orders:
            orders.give(AUTHOR, given)

    def look() -> list[Given]:
        topics = KafkaTopics(site.cluster, site.naming, site.partitions)
        return lacking(record for _, record in topics.records("enriched"))

    mark = home.root / ENCODER_AWAY
    watch(guard, mark, say)
    return Healer(guard, mark, look, give, say, time.monotonic) if member.process == 0 else None


def _on_poll(beat: HealthFile, readiness: Readiness, healer: Healer | None) -> Callable[[], None]:
    def polled() -> None:
        if healer is not None:
            healer.poll()
        beat.touch()
        readiness.restored(0)  # the engine restores all it was given before it asks a source
        readiness.polled(0)

    return polled


def _run_group(stage: str, workers: int) -> None:
    """Run the stage's processes and restart all of them when one ends."""
    argv = (sys.executable, "-m", "cli", *sys.argv[1:])

    def launch(process: int, addresses: tuple[str, ...]) -> Launch:
        more = ("--process-id", str(process), "--addresses", ";".join(addresses))
        return Launch((*argv, *more), {"PYTHONPATH": python_path()})

    stages = [Stage(stage, launch, workers, finite="--until-end" in argv)]
    drained = Supervisor(stages, OneLog(sys.stdout, width=log_width(stages))).run()
    raise typer.Exit(0 if drained else 1)
