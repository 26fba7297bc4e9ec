"""``undercurrent feeder``: what waits in the bulk lane into the journal, as fast as nobody has to wait for it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.flow import DATA, DataOption, Generation, Partitions, Prefix, deployed_partitions
from connectors.kafka.admin import topics_as_asked
from connectors.kafka.names import GENERATION, PREFIX, Naming
from settings import load_settings
from wiring.bulk.feeder import AHEAD, AHEAD_IN_ALL, Feeder, Pace, feed_for_ever
from wiring.datadir import DataDir, locked
from wiring.engine import draining_on_signals
from wiring.health import HealthFile
from wiring.kafka.broker import named_cluster


def feeder(
    data: DataOption = DATA,
    ahead: Annotated[
        int, typer.Option(min=1, help="Records of a partition that may be under way in the stages.")
    ] = AHEAD,
    ahead_in_all: Annotated[
        int, typer.Option("--ahead-in-all", min=1, help="The same of all partitions together.")
    ] = AHEAD_IN_ALL,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    generation: Generation = GENERATION,
) -> None:
    """Feed uploads and backfills to the stages while little is before them, for ever; `up` starts one.

    Example: undercurrent feeder --ahead 48
    """
    home, pace = data / "feeder", Pace(ahead, ahead_in_all)
    naming, cluster = Naming(prefix=prefix, generation=generation), named_cluster(load_settings())
    count = partitions or deployed_partitions()
    topics_as_asked(cluster, [naming.journal, naming.topic("bulk")], count)
    beat = HealthFile(home / "health-0.json", "feeder")
    with draining_on_signals() as draining, locked(DataDir(home)):
        feed_for_ever(
            lambda: Feeder(cluster, naming, count, home, pace),
            pace,
            wait=draining.wait,
            on_turn=beat.touch,
            said=lambda why: typer.echo(why, err=True),
        )
