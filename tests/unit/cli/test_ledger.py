"""``themes history``: whose theme a line is about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jsonl.layout import publish
from contracts.registry import write_record
from contracts.themes import ThemeEvent
from tests.support.commands import undercurrent
from wiring.datadir import DataDir

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def born(tenant: str, n: int) -> ThemeEvent:
    return ThemeEvent(
        id=f"0-{n}-themes-0", tenant=tenant, event_time=NOON, ingested_at=NOON, event="born",
        theme_id=f"{n}f3c0000", author="themes", reason="3 concerns",
    )  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of two tenants, one theme each."""
    DataDir(tmp_path).journal.mkdir(parents=True)
    path = DataDir(tmp_path).logs / "theme-events" / "p0000.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(write_record(born(name, n)) + b"\n" for n, name in enumerate(("acme", "bolt"))))
    publish(path, path.stat().st_size)
    return tmp_path


def test_lines_of_several_tenants_say_whose_they_are(directory: Path) -> None:
    told = undercurrent("themes", "history", "--dir", directory)
    assert [line.split()[0] for line in told.out.splitlines()] == ["acme", "bolt"]
    rows = undercurrent("themes", "history", "--dir", directory, "--json").json
    assert [(row["tenant"], row["theme_id"]) for row in rows] == [("acme", "0f3c0000"), ("bolt", "1f3c0000")]


def test_lines_of_one_tenant_begin_with_the_time(directory: Path) -> None:
    told = undercurrent("themes", "history", "--dir", directory, "--tenant", "bolt")
    assert told.out.startswith("2026-03-01T12:00  born")
