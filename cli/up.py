"""``undercurrent up``: the whole product on one machine, every stage a process or more, restarted, in one log.

For people without an orchestrator. It takes the cluster that is named; without one it keeps a broker of its own in
the data folder, whose journal lives as long as the recovery stores beside it (one in Docker would forget it).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from cli.exporter import PORT
from cli.processes import EDGE_PORT, python_path
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import GENERATION, PREFIX, Naming
from contracts.errors import WrongUsage
from settings import Settings, load_settings
from wiring.health import LOOPBACK, listening
from wiring.kafka.broker import local_broker, open_broker
from wiring.kafka.topics import Difference, apply_topics
from wiring.llm.accounts import accounts_in
from wiring.supervisor import Command, Launch, OneLog, Stage, Supervisor, log_width
from wiring.topics import STAGES

DATA = Path("data")
NOT_DRAINED = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the product runs: what every process of it is told."""

    data: Path
    naming: Naming
    partitions: int | None
    exporter_port: int
    edge_port: int = EDGE_PORT

    @property
    def names(self) -> tuple[str, ...]:
        """Options that choose the topics."""
        return ("--prefix", self.naming.prefix, "--generation", self.naming.generation)

    @property
    def stage_options(self) -> tuple[str, ...]:
        """Options of ``undercurrent flow``."""
        cut = () if self.partitions is None else ("--partitions", str(self.partitions))
        return ("--data", str(self.data), *self.names, *cut)


def singles(place: Place) -> dict[str, tuple[str, ...]]:
    """What runs once beside the stages: the command's name, then its options."""
    return {
        "ticker": place.stage_options,
        "feeder": place.stage_options,
        "publish": place.stage_options,
        "exporter": (*place.names, "--port", str(place.exporter_port)),
    }


def labelling(settings: Settings, place: Place) -> dict[str, tuple[str, ...]]:
    """The labeller, where a language model is set up."""
    return {"labeller": place.stage_options} if accounts_in(settings) else {}


def edge(settings: Settings, place: Place) -> dict[str, tuple[str, ...]]:
    """The edge, where connections to vendors are set up."""
    return {"edge": (*place.stage_options, "--port", str(place.edge_port))} if settings.connections else {}


def dispatch(settings: Settings, place: Place) -> dict[str, tuple[str, ...]]:
    """The dispatcher, where destinations are set."""
    return {"dispatch": place.stage_options} if settings.destinations else {}


def beside(settings: Settings, place: Place) -> dict[str, tuple[str, ...]]:
    """Everything that runs once beside the stages with these settings: the command's name, then its options."""
    return {
        **singles(place),
        **labelling(settings, place),
        **edge(settings, place),
        **dispatch(settings, place),
    }


def up(
    data: Annotated[
        Path, typer.Option(help="Folder of keys, recovery stores and a broker of its own.")
    ] = DATA,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port,… of a cluster; else KAFKA_BOOTSTRAP_SERVERS, else its own.")
    ] = None,
    workers: Annotated[
        list[str] | None, typer.Option(help="STAGE=N processes, say extract=2; may be given again.")
    ] = None,
    generation: Annotated[str, typer.Option(help="Which generation of the flows.")] = GENERATION,
    prefix: Annotated[str, typer.Option(help="What the names of all topics begin with.")] = PREFIX,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Journal partitions; fixed for ever. Default: as declared.")
    ] = None,
    exporter_port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the exporter answers.")] = PORT,
    edge_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where webhooks are answered.")
    ] = EDGE_PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Write the log as JSON objects.")] = False,
) -> None:
    """Run every stage on this machine until SIGTERM or Ctrl-C, which drain; a second one kills.

    Example: undercurrent up --data data --workers extract=2
    """
    counts = read_workers(workers or ())
    place = Place(data, Naming(prefix=prefix, generation=generation), partitions, exporter_port, edge_port)
    more = beside(load_settings(), place)
    width = log_width(stages(place, counts, {}, more))
    with (
        closing(OneLog(sys.stdout, as_json=as_json, width=width)) as log,
        cluster(data, bootstrap, log) as kafka,
    ):
        refuse_taken(place, more)
        for line in made(apply_topics(kafka, place.naming, partitions=partitions)):
            log.say(line)
        env = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap}
        drained = Supervisor(stages(place, counts, env, more), log).run()
    raise typer.Exit(0 if drained else NOT_DRAINED)


def refuse_taken(place: Place, more: Mapping[str, tuple[str, ...]]) -> None:
    """Raise ``WrongUsage`` for a port on which somebody else listens: its process would be started in vain."""
    for name, port in (("exporter", place.exporter_port), ("edge", place.edge_port)):
        if name in more:
            listening(LOOPBACK, port).close()


def made(changes: Sequence[Difference]) -> Iterator[str]:
    """What became of the topics: how many are new, and each setting that was changed."""
    created = [change for change in changes if change.change == "create"]
    if created:
        yield f"{len(created)} topics made"
    yield from (f"topic {change}; set" for change in changes if change.change == "set")


def read_workers(options: Iterable[str]) -> dict[str, int]:
    """``["extract=2"]`` as a mapping. Raises ``WrongUsage`` for what is no stage or no number of processes."""
    counts = {}
    for option in options:
        stage, _, number = option.partition("=")
        if stage not in STAGES:
            raise WrongUsage(f"--workers {option}: no such stage; there are {', '.join(STAGES)}")
        if not (number.isdecimal() and 1 <= int(number) <= 99):
            raise WrongUsage(f"--workers {option}: write STAGE=N with N from 1 to 99")
        counts[stage] = int(number)
    return counts


def stages(
    place: Place,
    counts: Mapping[str, int],
    env: Mapping[str, str],
    more: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> list[Stage]:
    """Everything to run: the stages, then the commands of ``more``."""
    flows = [
        Stage(name, _flow(name, counts.get(name, 1), place, env), counts.get(name, 1)) for name in STAGES
    ]
    singly = [Stage(name, _always(_launch((name, *options), env))) for name, options in more.items()]
    return [*flows, *singly]


def _flow(stage: str, workers: int, place: Place, env: Mapping[str, str]) -> Command:
    """How one process of a stage is started; one that is alone listens on no port."""

    def command(process: int, addresses: tuple[str, ...]) -> Launch:
        peers = ("--addresses", ";".join(addresses)) if workers > 1 else ()
        return _launch(("flow", stage, *place.stage_options, "--process-id", str(process), *peers), env)

    return command


def _always(launch: Launch) -> Command:
    return lambda _process, _addresses: launch


def _launch(argv: tuple[str, ...], env: Mapping[str, str]) -> Launch:
    ours = {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1"}
    return Launch((sys.executable, "-m", "cli", *argv), {**ours, **env})


@contextmanager
def cluster(data: Path, bootstrap: str | None, log: OneLog) -> Iterator[Cluster]:
    """The cluster that is named, or a broker in the data folder that runs meanwhile. Raises ``StopWorker``."""
    settings = load_settings()
    if bootstrap:
        settings = settings.model_copy(update={"kafka_bootstrap": bootstrap})
    broker = open_broker(settings) if settings.kafka_bootstrap else local_broker(data / "kafka")
    log.say(f"broker {broker.bootstrap}: {broker.why}")
    try:
        yield broker.cluster
    finally:
        broker.stop()
