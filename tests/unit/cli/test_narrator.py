"""What the demo tells of themes as they come."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.narrator import Narrator
from connectors.jsonl.layout import publish
from contracts.envelope import Envelope
from contracts.registry import write_record
from contracts.themes import ThemeEvent, ThemeRecord
from wiring.datadir import DataDir

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEME = "0c110821-375b-51e3-acf0-913242bc7c6a"


def event(n: int, what: Any, **told: Any) -> ThemeEvent:
    return ThemeEvent(
        id=f"0-{n}-themes-0", tenant="acme", event_time=NOON, ingested_at=NOON, event=what,
        theme_id=THEME, author="themes", reason="because", **told,
    )  # fmt: skip


def record(n: int, label: str, concerns: int) -> ThemeRecord:
    return ThemeRecord(
        id=f"0-{n}-themes-1", tenant="acme", event_time=NOON, ingested_at=NOON, theme_id=THEME, status="active",
        label=label, language="en", concerns=concerns, accounts=1, first_seen=NOON, last_seen=NOON, encoder="e",
    )  # fmt: skip


def told(directory: Path, **topics: list[Envelope]) -> list[str]:
    for topic, records in topics.items():
        path = DataDir(directory).logs / topic.replace("_", "-") / "p0000.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"".join(write_record(one) + b"\n" for one in records))
        publish(path, path.stat().st_size)
    out = StringIO()
    Narrator(directory, NOON, Console(file=out, width=40)).look()
    return [line.partition("12:00  ")[2] for line in out.getvalue().splitlines()]


def test_a_theme_that_has_a_name_is_told_by_it(tmp_path: Path) -> None:
    said = told(tmp_path, theme_events=[event(1, "born")], themes=[record(1, "pdf · invoice", 3)])
    assert said == ["new theme: pdf · invoice (3 concerns)"]


def test_a_theme_without_a_name_is_told_as_that_and_its_first_name_when_it_has_one(tmp_path: Path) -> None:
    renamed = [event(n, "renamed", name=name) for n, name in ((2, "pdf"), (3, "pdf · invoice"))]
    themes = [record(1, "theme 0c110821", 3), record(2, "pdf", 4), record(3, "pdf · invoice", 9)]
    assert told(tmp_path, theme_events=[event(1, "born"), *renamed], themes=themes) == [
        "new theme, which has no name yet: theme 0c110821 (3 concerns)",
        "theme 0c110821 has a name now: pdf",
    ]
