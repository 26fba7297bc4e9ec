"""``undercurrent review``: what waits for a person, and what the person says of it.

What a person says is a command in the journal: it acts at its own place in the order, also on replay.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.run import finish
from cli.themes import DEFAULT_DIRECTORY, Directory, existing
from cli.worker import PARTITIONS
from connectors.jsonl.log import JsonlLog
from connectors.keys.vault import LocalVault
from contracts.commands import ConfirmConcern, Order, ReleaseQuarantined
from contracts.diversions import Quarantined, ReviewRequest
from contracts.errors import WrongUsage
from contracts.identity import partition
from wiring.datadir import DataDir
from wiring.journal import RecordMaker
from wiring.loads import LoadBook
from wiring.views.gather import gather
from wiring.views.topics import Topics

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
    """List concerns below the confidence bound, and quarantined items (without their words).

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
    if as_json:
        sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    console = Console()
    for row in rows:
        words = row.get("quote") or row.get("detail") or "(words withheld)"
        console.print(
            f"{row['kind']} {row['id']}  {row['reason']}\n    {words}", markup=False, highlight=False
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
    review = concerns_in_review(existing(directory)).get(concern_id)
    if review is not None:
        _append(directory, review.tenant, author, ConfirmConcern(concern_id=concern_id, item=review.item))
        return
    raise WrongUsage(f"no concern {concern_id} is in review; list them with: undercurrent review ls")


@app.command("release")
def release(
    item_id: Annotated[str, typer.Argument(help="Item id from review ls.")],
    author: Annotated[str, typer.Option(help="Who says so; kept in the journal.")],
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Say that a quarantined item is harmless: it goes on as it came.

    Example: undercurrent review release 9a41… --author ann
    """
    held = items_in_quarantine(existing(directory)).get(item_id)
    if held is not None:
        _append(directory, held.tenant, author, ReleaseQuarantined(item=held.item))
        return
    raise WrongUsage(f"no item {item_id} is in quarantine; list them with: undercurrent review ls")


def _append(directory: Path, tenant: str, author: str, order: Order) -> None:
    """Put the order at the journal's end and let the flow act on it."""
    if load := LoadBook(directory).unfinished:
        raise WrongUsage(f"the load of {load.origin} is not finished; give its run command again first")
    console = Console()
    vault = LocalVault(directory / "keys")
    place = partition(tenant, PARTITIONS)
    now = datetime.now(UTC)
    with JsonlLog(DataDir(directory).journal, PARTITIONS) as journal:
        record = RecordMaker(tenant, vault, now).command(author, order, now)
        journal.append(place, [record])
        total = journal.count(place)
    vault.close()
    finish(directory, total, console)
    console.print("done; see it with: undercurrent themes --dir " + str(directory), markup=False)


def concerns_in_review(directory: Path) -> dict[str, ReviewRequest]:
    """The concerns that wait for a person now, by id: not those that were decided, replaced or erased since."""
    topics = Topics(DataDir(directory).logs)
    ledgers = {tenant: gathered.ledger for tenant, gathered in gather(topics, None).items()}
    return {
        record.concern.concern_id: record
        for _place, record in topics.records("reviews")
        if isinstance(record, ReviewRequest)
        and ledgers[record.tenant].concern(record.concern.concern_id) == "in_review"
    }


def items_in_quarantine(directory: Path) -> dict[str, Quarantined]:
    """The items that are held back now, by id, in the version that was held back last."""
    topics = Topics(DataDir(directory).logs)
    outcomes = {tenant: gathered.ledger.items() for tenant, gathered in gather(topics, None).items()}
    return {
        record.item_id: record
        for _place, record in topics.records("quarantine")
        if isinstance(record, Quarantined)
        and outcomes[record.tenant][record.item_id].outcome == "quarantined"
    }
