"""``undercurrent savepoint create|restore``: the state of stopped stages as one sealed file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.flow import DATA, DataOption, Generation, Partitions, Prefix, deployed_partitions
from cli.words import count
from connectors.kafka.names import GENERATION, PREFIX, Naming
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.kafka.savepoint import Taken, create_savepoint, restore_savepoint

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Keep the state of stopped stages, and begin from it."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("create")
def create(
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    data: DataOption = DATA,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: AsJson = False,
) -> None:
    """Write the state of every stage to a file, sealed under the key store; the stages must be stopped.

    Example: undercurrent savepoint create --data /var/lib/undercurrent --to monday.savepoint
    """
    _say("written", create_savepoint(_site(data, generation, prefix, partitions), to), as_json=as_json)


@app.command("restore")
def restore(
    source: Annotated[Path, typer.Option("--from", help="The file to read.")],
    data: DataOption = DATA,
    generation: Generation = GENERATION,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: AsJson = False,
) -> None:
    """Put the state of a file into the empty homes of its stages; their next start goes on from there.

    Example: undercurrent savepoint restore --data /var/lib/undercurrent --from monday.savepoint
    """
    _say("restored", restore_savepoint(_site(data, generation, prefix, partitions), source), as_json=as_json)


def _site(data: Path, generation: str, prefix: str, partitions: int | None) -> Site:
    naming = Naming(prefix=prefix, generation=generation)
    return Site(named_cluster(load_settings()), naming, data, partitions or deployed_partitions())


def _say(done: str, taken: Taken, *, as_json: bool) -> None:
    if as_json:
        row = {done: str(taken.path), "bytes": taken.bytes, "rows": taken.rows}
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
        return
    parts = ", ".join(f"{stage} {count(rows, 'row')}" for stage, rows in taken.rows.items())
    sys.stdout.write(f"{taken.path}: {done}, {count(taken.bytes)} bytes: {parts}\n")
