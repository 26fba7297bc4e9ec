"""``undercurrent sources``: what each source usually sends, and which are silent or flood."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli.flow import Partitions, Prefix, deployed_partitions
from cli.printing import harmless
from connectors.kafka.names import PREFIX, Naming
from settings import load_settings
from wiring.freshness import SourceView, journal_of_directory, journal_on_kafka, sources_of
from wiring.kafka.broker import named_cluster


def sources(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Data directory of `run`; else the journal on Kafka.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="This tenant's alone.")] = None,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List every source with its usual rate for this hour of the week, by the journal's own time.

    Example: undercurrent sources --dir out/mine
    """
    if directory is not None:
        records = journal_of_directory(directory)
    else:
        count = partitions or deployed_partitions()
        records = journal_on_kafka(named_cluster(load_settings()), Naming(prefix=prefix).journal, count)
    found = [view for view in sources_of(records) if tenant in (None, view.tenant)]
    if as_json:
        typer.echo(orjson.dumps([asdict(view) for view in found]).decode())
    else:
        Console().print(_table(found) if found else "no source has sent anything that is new, yet")


def _table(found: list[SourceView]) -> Table:
    names = ("tenant", "source", "state", "this hour", "usual", "quiet", "known")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None)
    for view in found:
        usual = "–" if view.expected is None else f"{view.expected:.1f}"
        table.add_row(
            Text(view.tenant),
            Text(harmless(view.source)),
            view.state,
            str(view.this_hour),
            usual,
            f"{view.quiet_h} h",
            f"{view.hours_known} h",
        )
    return table
