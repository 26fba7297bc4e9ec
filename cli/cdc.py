"""``undercurrent cdc``: mirror a table of feedback from its Debezium topic."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import PREFIX, Naming
from connectors.keys.vault import LocalVault
from contracts.errors import WrongUsage
from contracts.feedback import MAX_SOURCE_CHARS
from contracts.identity import partition
from settings import load_settings
from wiring.cdc import READER, Mirror, Table, map_of, mirror_for_ever
from wiring.engine import draining_on_signals
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages


def cdc(
    topic: Annotated[str, typer.Option(help="Debezium's topic of the table, say shop.public.reviews.")],
    mapping: Annotated[
        str, typer.Option("--map", help="field=column pairs; source_record_id and text at least.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Source of its feedback; default: the table's name.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Consumer group; another one reads from the start.")
    ] = None,
    until_end: Annotated[bool, typer.Option("--until-end", help="End where the topic ends now.")] = False,
    data: DataOption = DATA,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
) -> None:
    """Take inserts, updates and deletes of a table into the journal, for ever.

    Example: undercurrent cdc --topic shop.public.reviews --map source_record_id=id,text=body,rating=stars
    """
    settings = load_settings()
    named = source or topic.rpartition(".")[2]
    if not 0 < len(named) <= MAX_SOURCE_CHARS:
        raise WrongUsage(f"--source: 1 to {MAX_SOURCE_CHARS} characters")
    table = Table(settings.tenant, named, map_of(mapping))
    cluster, count = named_cluster(settings), partitions or deployed_partitions()
    site = Site(cluster, Naming(prefix=prefix), data, count)
    refuse_unlike_stages(site)
    with (
        draining_on_signals() as draining,
        closing(LocalVault(site.keys)) as vault,
        KafkaJournal(cluster, site.naming.journal, count, READER) as journal,
    ):
        appended = mirror_for_ever(
            cluster,
            topic,
            group or f"{prefix}-cdc-{settings.tenant}-{named}",
            Mirror(table, vault, lambda: datetime.now(UTC)),
            journal,
            partition(settings.tenant, count),
            is_over=draining.is_set,
            until_end=until_end,
        )
    typer.echo(f"{topic}: {appended} records")
