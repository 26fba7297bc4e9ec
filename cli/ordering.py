"""What the commands that order something of the themes share: their options, and how an order is given and told."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from cli.door import Desk
from cli.ledger import event_line, event_row
from cli.printing import print_json
from cli.tables import SHORT_ID
from cli.words import count
from contracts.errors import OrderRefused, WrongUsage
from contracts.steering import ThemeOrder, ThemeRef
from wiring.appending import Given
from wiring.ordering import Scene
from wiring.public import without_personal_data
from wiring.views.ledger import history

Theme = Annotated[str, typer.Argument(help="Theme id, or how it begins.")]
Concerns = Annotated[list[str], typer.Argument(help="Concern ids, say from similar --json.")]
Author = Annotated[str, typer.Option(help="Who orders it; kept in the journal.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger. No personal data.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


def give(desk: Desk, scene: Scene, author: str, order: ThemeOrder, dry_run: bool, as_json: bool) -> None:
    """Append the order and let an embedded flow act on it. Raises ``OrderRefused`` and ``WrongUsage``."""
    if not author.strip():
        raise WrongUsage("--author: say who orders it; it is kept in the journal")
    without_personal_data(reason=order.reason, name=getattr(order, "name", ""))
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
    out.print(
        f"{'would order' if dry_run else 'ordered'}: {order.verb}{_which(order)}{_themes_of(order, scene)}"
    )
    for row in told:
        out.print(event_line(row))


def _which(order: ThemeOrder) -> str:
    """Which of its two meanings an order has, where its verb alone does not say so."""
    said = {
        "pinned": ("", " off"), "muted": ("", " off"), "critical": ("", " off"), "together": ("", " apart"),
        "approve": (" approve", " reject"),
    }  # fmt: skip
    return "".join(said[name][not getattr(order, name)] for name in said if hasattr(order, name))


def _themes_of(order: ThemeOrder, scene: Scene) -> str:
    """The themes that an order is about, by name and size, so that a person sees whether they are the ones meant."""
    told = ""
    for field, word in (("theme", ""), ("into", "into "), ("to", "to "), ("out_of", "out of ")):
        if isinstance(ref := getattr(order, field, None), ThemeRef):
            size = sum(1 for concern in scene.placed if scene.theme_of(concern) == ref.theme_id)
            label = scene.themes[ref.theme_id].label or "without a name"
            told += f" {word}{ref.theme_id[:SHORT_ID]} “{label}” ({count(size, 'concern')})"
    return told
