"""Put a run's outcome into the words of the demo's truth check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contracts.diversions import Receipt
from contracts.identity import item_id
from demo.records import Key, Sample
from demo.truth import DemoOutcome, Emitted, Rejected
from wiring.datadir import DataDir
from wiring.views import RunView
from wiring.views.gather import Gathered, gather
from wiring.views.themes import members_of
from wiring.views.topics import Topics

PUBLIC_TOPICS = ("themes", "theme-events", "priorities", "linear", "alerts", "reviews", "assignments")
"""Topics whose bytes may be read by people and programs outside."""

TOP = 10


def outcome_of(view: RunView, sample: Sample, directory: Path, tenant: str) -> DemoOutcome:
    """What the run says at its end, by the sample's keys."""
    keys = {item_id(tenant, *key): key for key in sample.truths}
    resolved = {absorbed: theme.theme_id for theme in view.themes for absorbed in theme.absorbed}
    mine = [item for item in view.items if item.item_id in keys]
    themes_of, theme_sizes = _themes(directory, tenant, keys)
    return DemoOutcome(
        themes_of=themes_of,
        theme_sizes=theme_sizes,
        states={keys[item.item_id]: item.outcome for item in mine if item.outcome},
        issues=[
            Emitted(resolved.get(issue.theme_id, issue.theme_id), issue.event_time, issue.rule)
            for issue in view.issues
        ],
        top_ten=[theme.theme_id for theme in view.themes[:TOP]],
        rejects=[Rejected(r.line or 0, r.field, r.reason) for r in view.rejects],
        receipts=_receipts(directory, keys),
        public_text=_public_text(directory),
    )


def _themes(
    directory: Path, tenant: str, keys: dict[str, Key]
) -> tuple[dict[Key, list[str]], dict[str, int]]:
    """The theme of each living concern by item, counted from the assignments; and the sizes that themes report."""
    gathered = gather(_topics(directory), tenant).get(tenant, Gathered())
    records = {theme_id: record for theme_id, (_, record) in gathered.themes.items()}
    of_items: dict[Key, list[str]] = {}
    for theme_id, said in members_of(gathered, records).items():
        for one in said.values():
            if one.item_id in keys:
                of_items.setdefault(keys[one.item_id], []).append(theme_id)
    told = {name: record.concerns for name, record in records.items() if record.redirect_to is None}
    return of_items, {name: size for name, size in told.items() if size}


def _receipts(directory: Path, keys: dict[str, Key]) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for _place, receipt in _topics(directory).records("receipts"):
        if isinstance(receipt, Receipt) and receipt.item_id in keys:
            found.setdefault(keys[receipt.item_id], []).append(receipt.outcome)
    return found


def _public_text(directory: Path) -> Iterator[str]:
    topics = _topics(directory)
    for topic in PUBLIC_TOPICS:
        yield "\n".join(line.decode() for _place, line in topics.lines(topic))
    for name in ("report.html", "worker.log"):
        if (directory / name).exists():
            yield (directory / name).read_text("utf-8")


def _topics(directory: Path) -> Topics:
    return Topics(DataDir(directory).logs)
