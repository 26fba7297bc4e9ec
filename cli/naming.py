"""``undercurrent name-themes``: answer what the themes stage asks, on this machine, and let the answers act."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.door import Desk, at_the_desk
from models.naming.extractive import ExtractiveNamer
from wiring.naming import answer


@at_the_desk
def name_themes(
    desk: Desk, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Give every theme that asks for it a name: the sentence of its members that says it best.

    No network but Kafka's is used. A name that says what too few people say is refused, and the keywords stay.
    Example: undercurrent name-themes --dir out/demo
    """
    console = Console(stderr=as_json)
    with desk.orders() as orders:
        found = answer(desk.topics, orders, ExtractiveNamer())
    if found.answers:
        desk.act(console)
    if as_json:
        rows = [{"theme_id": theme, "reason": why} for (_, theme, _), why in found.failed.items()]
        sys.stdout.write(orjson.dumps({"answers": found.answers, "failed": rows}).decode() + "\n")
        return
    for (_, theme, _), why in found.failed.items():
        console.print(f"theme {theme}: {why}", markup=False, highlight=False)
    console.print(f"{found.answers} answered; see them with: undercurrent themes history", markup=False)
