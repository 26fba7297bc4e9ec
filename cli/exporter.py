"""``undercurrent exporter`` tells Prometheus how far each stage is behind; ``undercurrent lag`` tells people."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, ProcessCollector
from rich.console import Console
from rich.table import Column, Table

from cli.complaint import complain
from cli.printing import print_json
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import GENERATION, PREFIX, Naming
from contracts.errors import PipelineError
from settings import load_settings
from wiring.health import LOOPBACK, Probes, serving
from wiring.kafka.broker import named_cluster
from wiring.kafka.lag import LagCollector, LagReader, LagReport, PartitionLag
from wiring.topics import STAGES

PORT = 9750
EVERY_S = 10.0

Bootstrap = Annotated[
    str | None, typer.Option(help="host:port,… of the cluster; else KAFKA_BOOTSTRAP_SERVERS.")
]
Generation = Annotated[str, typer.Option(help="Which generation of the flows.")]
Prefix = Annotated[str, typer.Option(help="What the names of all topics begin with.")]


def exporter(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where /metrics, /livez and /readyz are answered.")
    ] = PORT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = LOOPBACK,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two readings.")] = EVERY_S,
    bootstrap: Bootstrap = None,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
) -> None:
    """Give Prometheus the lag of every stage; runs until SIGTERM, also while the broker is away.

    Example: undercurrent exporter --port 9750
    """
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    with closing(LagReader(cluster_at(bootstrap), Naming(prefix=prefix, generation=generation))) as reader:
        collector = LagCollector(reader.read)
        registry.register(collector)
        with serving(Probes(registry=registry), port, host=host) as served:
            sys.stderr.write(f"metrics on http://{host}:{served}/metrics\n")
            sys.stderr.flush()
            keep_reading(collector.refresh, every, stopping)


def keep_reading(
    refresh: Callable[[], PipelineError | None], every_s: float, stopping: threading.Event
) -> None:
    """Read again and again until told to stop; say when it begins to fail and when it no longer does."""
    failed = False
    while True:
        error = refresh()
        if error is not None and not failed:
            complain(error)
        elif error is None and failed:
            sys.stderr.write("the lag can be read again\n")
        failed = error is not None
        if stopping.wait(every_s):
            return


def lag(
    bootstrap: Bootstrap = None,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    as_json: Annotated[bool, typer.Option("--json", help="Print every partition as JSON.")] = False,
) -> None:
    """Show how far each stage is behind its input.

    Example: undercurrent lag --json
    """
    with closing(LagReader(cluster_at(bootstrap), Naming(prefix=prefix, generation=generation))) as reader:
        report = reader.read()
    if as_json:
        told = {"partitions": list(map(asdict, report.partitions)), "heartbeats": report.heartbeats}
        print_json(told)
    else:
        Console().print(lag_table(report, time.time()))


def cluster_at(bootstrap: str | None) -> Cluster:
    """The cluster of the option, or else of the settings. Raises ``StopWorker`` where none is named."""
    settings = load_settings()
    return named_cluster(
        settings.model_copy(update={"kafka_bootstrap": bootstrap}) if bootstrap else settings
    )


def lag_table(report: LagReport, now: float) -> Table:
    """A row for each stage; ``now`` is Unix seconds."""
    table = Table(
        "stage",
        Column("reads", overflow="fold"),
        *(_right(name) for name in ("partitions", "behind", "oldest", "heartbeat")),
    )
    for stage in STAGES:
        found = [one for one in report.partitions if one.stage == stage]
        told = _NOTHING if stage in report.idle else _row(found, report.heartbeats.get(stage), now)
        table.add_row(stage, *told)
    return table


# Another generation's stage does this one's work.
_NOTHING = ("does not run", "–", "–", "–", "–")


def _row(found: Sequence[PartitionLag], beat: float | None, now: float) -> Iterator[str]:
    if not found:
        yield from ("no such topic", "–", "–", "–", "–")
        return
    oldest = [one.oldest_s for one in found if one.oldest_s]
    yield found[0].topic
    yield str(len(found))
    yield f"{sum(one.lag for one in found):,}"
    yield _age(min(oldest), now) if oldest else "–"
    yield _age(beat, now) if beat else "never"


def _age(at: float, now: float) -> str:
    """``12 s``, ``3 min``, ``2 h``, ``5 d`` ago."""
    seconds = max(0.0, now - at)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _right(name: str) -> Column:
    return Column(name, justify="right")
