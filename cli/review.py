"""``undercurrent review``: what waits for a person, and what the person says of it.

What a person says is a command in the journal: it acts at its own place in the order, also on replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from cli.printing import print_json
from cli.run import finish
from cli.themes import DEFAULT_DIRECTORY, Directory, existing
from cli.worker import PARTITIONS
from contracts.commands import Command, ConfirmConcern, ReleaseQuarantined
from contracts.diversions import Quarantined, ReviewRequest
from contracts.errors import WrongUsage
from contracts.outcomes import Ledger
from contracts.stages import Assignment
from contracts.steering import MoveConcern
from wiring.appending import Given, embedded_orders
from wiring.datadir import DataDir
from wiring.quotes import quotes_of
from wiring.views.gather import gather
from wiring.views.topics import Topics

R = TypeVar("R", ReviewRequest, Quarantined)

app = typer.Typer(
    help="List what waits for a person; confirm a concern, release from quarantine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("ls")
def ls(
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List concerns below the confidence bound, quarantined items (without their words), and uncertain themes.

    Uncertain themes come last, the one first of which an answer is worth most: put the concern where it belongs with
    themes move, into its own theme if it is right there.

    Example: undercurrent review ls --dir out/demo
    """
    rows = [
        {
            "kind": "concern",
            "id": review.concern.concern_id,
            "reason": review.reason,
            "confidence": review.concern.decision.confidence_milli / 1000,
            "category": review.concern.decision.category,
            "quote": review.quote,
        }
        for review in concerns_in_review(existing(directory)).values()
    ]
    rows += [
        {"kind": "quarantined", "id": held.item_id, "reason": held.reason, "detail": held.detail}
        for held in items_in_quarantine(directory).values()
    ]
    rows += uncertain_themes(directory)
    if as_json:
        print_json(rows)
        return
    console = Console()
    for row in rows:
        words = row.get("quote") or row.get("detail") or "(words withheld)"
        console.print(
            f"{row['kind']} {row['id']}  {row['reason']}\n    {words}",
            markup=False,
            highlight=False,
            soft_wrap=True,  # a line each: a reason is not cut where a terminal happens to end
        )


@app.command("confirm")
def confirm(
    concern_id: Annotated[str, typer.Argument(help="Concern id from review ls.")],
    author: Annotated[str, typer.Option(help="Who says so; kept in the journal.")],
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Say that a concern in review is one: it is clustered from here on.

    Example: undercurrent review confirm 3f0c… --author ann
    """
    review = _waiting(concerns_in_review(existing(directory)), concern_id, "concern {} is in review")
    order = ConfirmConcern(concern_id=concern_id, item=review.item)
    _append(directory, author, Given(review.tenant, order))


@app.command("release")
def release(
    item_id: Annotated[str, typer.Argument(help="Item id from review ls.")],
    author: Annotated[str, typer.Option(help="Who says so; kept in the journal.")],
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Say that a quarantined item is harmless: it goes on as it came.

    Example: undercurrent review release 9a41… --author ann
    """
    held = _waiting(items_in_quarantine(existing(directory)), item_id, "item {} is in quarantine")
    _append(directory, author, Given(held.tenant, ReleaseQuarantined(item=held.item)))


def _waiting(waiting: Mapping[str, R], name: str, where: str) -> R:
    """What waits under this id. Raises ``WrongUsage``."""
    found = waiting.get(name)
    if found is None:
        raise WrongUsage(f"no {where.format(name)}; list them with: undercurrent review ls")
    return found


def _append(directory: Path, author: str, given: Given) -> None:
    """Put the order at the journal's end and let the flow act on it."""
    console = Console()
    with embedded_orders(directory, PARTITIONS, partial(datetime.now, UTC)) as orders:
        orders.give(author, [given])
        total = orders.total(given.tenant)
    finish(directory, total, console)
    console.print("done; see it with: undercurrent themes --dir " + str(directory), markup=False)


def concerns_in_review(directory: Path) -> dict[str, ReviewRequest]:
    """The concerns that wait for a person now, by id: not those that were decided, replaced or erased since."""

    def waits(record: ReviewRequest, ledger: Ledger) -> bool:
        return ledger.concern(record.concern.concern_id) == "in_review"

    return {r.concern.concern_id: r for r in _still(directory, "reviews", ReviewRequest, waits)}


def uncertain_themes(directory: Path) -> list[dict[str, Any]]:
    """The assignments that a person is asked about and that still stand unanswered, by worth, the highest first."""
    asked: dict[str, Assignment] = {}
    topics = Topics(DataDir(directory).logs)
    for _place, record in topics.records("assignments"):
        if isinstance(record, Assignment) and record.change != "relabelled":
            asked.pop(record.concern_id, None)  # another theme, or none: the question is no more
            if record.ask_milli is not None:
                asked[record.concern_id] = record
    for _place, order in topics.records("journal"):
        if isinstance(order, Command) and isinstance(order.order, MoveConcern):
            asked.pop(order.order.concern.concern_id, None)
    quotes = quotes_of(directory, asked)
    standing = sorted(asked.values(), key=lambda one: (-(one.ask_milli or 0), one.concern_id))
    return [_question(one, quotes.get(one.concern_id)) for one in standing]


def _question(asked: Assignment, quote: str | None) -> dict[str, Any]:
    return {
        "kind": "assignment",
        "id": asked.concern_id,
        "reason": asked.reason,
        "worth": asked.ask_milli,
        "probability": (asked.p_milli or 0) / 1000,
        "theme": asked.theme,
        "runner_up": asked.runner_up,
        "quote": quote,
    }


def items_in_quarantine(directory: Path) -> dict[str, Quarantined]:
    """The items that are held back now, by id, in the version that was held back last."""

    def waits(record: Quarantined, ledger: Ledger) -> bool:
        return ledger.item(record.item_id).outcome == "quarantined"

    return {r.item_id: r for r in _still(directory, "quarantine", Quarantined, waits)}


def _still(directory: Path, topic: str, kind: type[R], waits: Callable[[R, Ledger], bool]) -> Iterator[R]:
    """The records of a topic that still wait, by what became of everything since."""
    topics = Topics(DataDir(directory).logs)
    ledgers = {tenant: gathered.ledger for tenant, gathered in gather(topics, None).items()}
    for _place, record in topics.records(topic):
        if isinstance(record, kind) and waits(record, ledgers[record.tenant]):
            yield record
