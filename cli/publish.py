"""``undercurrent publish``: the one process that writes the topics subscribers read."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.processes import NOTICE
from connectors.kafka.names import GENERATION, PREFIX, Naming
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.publisher import Publishing, publish


def publish_topics(
    data: DataOption = DATA,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    generation: Annotated[
        str, typer.Option(help="The generation to begin with where nothing was ever published.")
    ] = GENERATION,
    until_end: Annotated[bool, typer.Option(help="End once all that there is was published.")] = False,
    skip_lost: Annotated[
        bool, typer.Option("--skip-lost", help="Go on behind what retention deleted unpublished.")
    ] = False,
    leave: Annotated[
        str | None,
        typer.Option(
            help="A generation that ended before it came to the newest cutover: do not wait for it."
        ),
    ] = None,
) -> None:
    """Copy the active generation's topics to the public ones, and change generation where a cutover says so.

    Run one of it beside the stages; started again, it goes on behind the last message it published.

    --leave g2 is for a rollback from g2 whose stages are dead: what they did not do any more comes from the generation
    that the rollback is to. Ended by itself with --until-end, as long as the publisher that runs is stopped.

    Example: undercurrent publish --data /var/lib/undercurrent
    """
    naming = Naming(prefix=prefix, generation=generation)
    how = Publishing(follow=not until_end, skip_lost=skip_lost, leave=leave, tell=_say)
    publish(named_cluster(load_settings()), naming, partitions or deployed_partitions(), data, how)


def _say(notice: str) -> None:
    print(NOTICE + notice, file=sys.stderr, flush=True)  # noqa: T201 - the process's log
