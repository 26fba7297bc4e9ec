"""``undercurrent name-themes``: answer what the themes stage asks, on this machine, and let the answers act."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.run import finish
from cli.themes import DEFAULT_DIRECTORY, Directory, existing
from cli.worker import PARTITIONS
from models.naming.extractive import ExtractiveNamer
from settings import load_settings
from wiring.appending import embedded_orders
from wiring.naming import answer


def name_themes(
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give every theme that asks for it a name: the sentence of its members that says it best.

    No network is used. A name that says what too few people say is refused, and the keywords stay.
    Example: undercurrent name-themes --dir out/demo
    """
    console = Console(stderr=as_json)
    with embedded_orders(existing(directory), PARTITIONS, partial(datetime.now, UTC)) as orders:
        found = answer(directory, orders, ExtractiveNamer())
        total = orders.total(load_settings().tenant)
    if found.answers:
        finish(directory, total, console)
    if as_json:
        rows = [{"theme_id": theme, "reason": why} for (_, theme, _), why in found.failed.items()]
        sys.stdout.write(orjson.dumps({"answers": found.answers, "failed": rows}).decode() + "\n")
        return
    for (_, theme, _), why in found.failed.items():
        console.print(f"theme {theme}: {why}", markup=False, highlight=False)
    console.print(
        f"{found.answers} answered; see them with: undercurrent themes --dir {directory}", markup=False
    )
