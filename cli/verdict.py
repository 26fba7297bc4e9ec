"""Put a run's outcome into the words of the demo's truth check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.jsonl.log import read_log
from contracts.diversions import Receipt
from contracts.identity import item_id
from contracts.registry import read_record
from demo.records import Key, Sample
from demo.truth import DemoOutcome, Emitted, Rejected
from wiring.datadir import DataDir
from wiring.views import RunView

PUBLIC_TOPICS = ("themes", "theme-events", "priorities", "linear", "alerts", "reviews", "assignments")
"""Topics whose bytes may be read by people and programs outside."""

TOP = 10


def outcome_of(view: RunView, sample: Sample, directory: Path, tenant: str) -> DemoOutcome:
    """What the run says at its end, by the sample's keys."""
    keys = {item_id(tenant, *key): key for key in sample.truths}
    resolved = {absorbed: theme.theme_id for theme in view.themes for absorbed in theme.absorbed}
    mine = [item for item in view.items if item.item_id in keys]
    return DemoOutcome(
        themes_of={keys[item.item_id]: item.themes for item in mine},
        theme_sizes={theme.theme_id: theme.concerns for theme in view.themes},
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


def _receipts(directory: Path, keys: dict[str, Key]) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for line in _lines(directory, "receipts"):
        receipt = read_record("receipts", line)
        if isinstance(receipt, Receipt) and receipt.item_id in keys:
            found.setdefault(keys[receipt.item_id], []).append(receipt.outcome)
    return found


def _public_text(directory: Path) -> Iterator[str]:
    for topic in PUBLIC_TOPICS:
        yield "\n".join(line.decode() for line in _lines(directory, topic))
    for name in ("report.html", "worker.log"):
        if (directory / name).exists():
            yield (directory / name).read_text("utf-8")


def _lines(directory: Path, topic: str) -> Iterator[bytes]:
    folder = DataDir(directory).logs / topic
    for part in range(len(list(folder.glob("p*.jsonl")))):
        yield from (line.data for line in read_log(folder, part))
