"""``undercurrent load``: a file of feedback into the journal on Kafka; the running stages do the rest."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import PREFIX, Naming
from connectors.keys.vault import LocalVault
from contracts.identity import partition
from settings import load_settings
from wiring.history import History
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages
from wiring.loads import LoadBook

PRODUCER = "loader"


def load(
    source: Annotated[Path, typer.Option("--input", help="Feedback: .csv or .jsonl, or the same with .gz.")],
    data: DataOption = DATA,
    mapping: Annotated[
        str | None, typer.Option("--map", help="field=column pairs, say text=comment,rating=stars.")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(help="Customer list with the columns account,tier,mrr.")
    ] = None,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Append a file to the journal on Kafka; given again after a crash it goes on where it stopped.

    Example: KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 undercurrent load --input reviews.csv --map text=comment
    """
    settings, console = load_settings(), Console(stderr=as_json)
    count = partitions or deployed_partitions()
    place = partition(settings.tenant, count)
    site = Site(named_cluster(settings), Naming(prefix=prefix), data, count)
    topic = site.naming.journal
    refuse_unlike_stages(site)
    books = data / "loads" / settings.tenant
    books.mkdir(parents=True, exist_ok=True)
    with (
        closing(LocalVault(site.keys)) as vault,
        KafkaJournal(site.cluster, topic, count, PRODUCER) as journal,
        console.status(f"reading {source.name}") as status,
    ):
        history = History(settings.tenant, place, journal, vault, LoadBook(books))
        appended = history.load(
            source,
            mapping=mapping,
            customers=customers,
            now=datetime.now(UTC),
            progress=lambda n: status.update(f"{source.name}: {n} journal records"),
        )
    if as_json:
        told = {"tenant": settings.tenant, "topic": topic, "partition": place, "appended": appended}
        typer.echo(orjson.dumps(told).decode())
    else:
        console.print(f"{source.name}: {appended} journal records appended to {topic}, partition {place}")
