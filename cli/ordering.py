"""What the commands that order something of the themes share: their options, and how an order is given and told."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from cli.door import Desk
from cli.ledger import event_line, event_row
from cli.printing import print_json
from contracts.errors import OrderRefused
from contracts.steering import ThemeOrder
from wiring.appending import Given
from wiring.ordering import Scene
from wiring.views.ledger import history

Theme = Annotated[str, typer.Argument(help="Theme id, or how it begins.")]
Concerns = Annotated[list[str], typer.Argument(help="Concern ids, say from similar --json.")]
Author = Annotated[str, typer.Option(help="Who orders it; kept in the journal.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger. No personal data.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


def give(desk: Desk, scene: Scene, author: str, order: ThemeOrder, dry_run: bool, as_json: bool) -> None:
    """Append the order and let an embedded flow act on it. Raises ``OrderRefused``."""
    if (why := scene.refusal(order)) is not None:
        raise OrderRefused(f"refused: {why}")
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    told: list[dict[str, Any]] = []
    if not dry_run:
        before = {event.id for event in history(desk.topics, scene.tenant, None)}
        with desk.orders() as orders:
            orders.give(author, [Given(scene.tenant, order)])
        if desk.act(console):
            told = [event_row(e) for e in history(desk.topics, scene.tenant, None) if e.id not in before]
    done = {"dry_run": dry_run, "order": order.model_dump(mode="json", exclude_none=True), "told": told}
    if as_json:
        print_json(done)
        return
    out = Console(soft_wrap=True, markup=False, highlight=False)
    out.print(f"{'would order' if dry_run else 'ordered'}: {order.verb}")
    for row in told:
        out.print(event_line(row))
