"""``undercurrent ticker``: time as data, in every partition of the journal on Kafka."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from connectors.kafka.admin import topics_as_asked
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import GENERATION, PREFIX, Naming
from settings import load_settings
from wiring.engine import draining_on_signals
from wiring.health import HealthFile
from wiring.kafka.broker import named_cluster
from wiring.kafka.ticker import tick_for_ever

EVERY_S = 10.0


def ticker(
    data: DataOption = DATA,
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between ticks.")] = EVERY_S,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    generation: Annotated[str, typer.Option(hidden=True)] = GENERATION,  # noqa: ARG001 every generation reads the same
) -> None:
    """Append a tick to every journal partition, for ever: windows close and scores are emitted by ticks alone.

    Example: undercurrent ticker --every 10
    """
    beat = HealthFile(Path(data) / "ticker" / "health-0.json", "ticker")
    cluster, name = named_cluster(load_settings()), Naming(prefix=prefix).journal
    count = partitions or deployed_partitions()
    topics_as_asked(cluster, [name], count)
    with draining_on_signals() as draining, KafkaJournal(cluster, name, count, "ticker") as journal:
        tick_for_ever(
            journal,
            every_s,
            now=lambda: datetime.now(UTC),
            wait=draining.wait,
            on_tick=beat.touch,
            say=lambda why: typer.echo(f"no tick: {why}", err=True),
        )
