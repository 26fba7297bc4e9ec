"""``undercurrent labeller``: the process that asks language models, beside the flows on Kafka."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.flow import DATA, DataOption, Generation, Partitions, Prefix, deployed_partitions
from cli.processes import NOTICE
from connectors.kafka.admin import topics_as_asked
from connectors.kafka.names import GENERATION, PREFIX, Naming
from models.llm.prompts import DECIDE
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.labelling.on_kafka import fill_answers, run_labeller


def labeller(
    data: DataOption = DATA,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    until_end: Annotated[
        bool, typer.Option(help="End when all that there is now was asked, or nobody answers.")
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option(help="Fill this table for a generation that is to be made; the journal gets nothing."),
    ] = None,
    rate: Annotated[int, typer.Option(min=1, help="With --answers: concerns a minute, at most.")] = 60,
    prompt: Annotated[str, typer.Option(help="With --answers: the prompt that is asked with.")] = DECIDE,
    health_port: Annotated[int, typer.Option(help="Answer /livez, /readyz and /metrics there.")] = 0,
) -> None:
    """Ask the language models that are set up about what extract decides, for ever; one beside the flows on Kafka.

    Example: undercurrent labeller --data /var/lib/undercurrent
    """
    settings = load_settings()
    naming = Naming(prefix=prefix, generation=generation)
    site = Site(named_cluster(settings), naming, data, partitions or deployed_partitions())
    topics_as_asked(site.cluster, [naming.journal], site.partitions)
    clock = partial(datetime.now, UTC)
    if answers is not None:
        held = fill_answers(site, settings, answers, clock, _say, rate=rate, prompt=prompt)
        typer.echo(f"{answers}: {held} concerns are answered")
        return
    run_labeller(
        site,
        settings,
        follow=not until_end,
        now=clock,
        tell=_say,
        health_port=health_port,
    )


def _say(notice: str) -> None:
    print(NOTICE + notice, file=sys.stderr, flush=True)  # noqa: T201 - the process's log
