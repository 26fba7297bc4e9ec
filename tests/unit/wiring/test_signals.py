"""Signs of an export in the journal: each once, at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.files.signals import Sign
from connectors.store.deliveries import DeliveryStore
from connectors.store.engine import open_store, sqlite_url
from contracts.errors import WrongUsage
from contracts.feedback import Signal
from wiring.appending import embedded_orders
from wiring.datadir import DataDir
from wiring.signals import Imported, import_signs
from wiring.views.topics import Topics

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNS = [Sign(f"run-{n}", "thumbs_down", NOW - timedelta(hours=n), 2, "a-1", "s-1") for n in range(1_100)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DeliveryStore]:
    engine = open_store(sqlite_url(tmp_path / "edge.sqlite3"))
    yield DeliveryStore(engine)
    engine.dispose()


def imported(folder: Path, store: DeliveryStore, signs: list[Sign]) -> Imported:
    with embedded_orders(folder, 1, lambda: NOW) as orders:
        return import_signs(orders, store, "acme", signs, NOW)


def in_journal(folder: Path) -> list[Signal]:
    records = Topics(DataDir(folder).logs).records("journal")
    return [record for _, record in records if isinstance(record, Signal)]


def test_signs_are_records_at_their_own_time(tmp_path: Path, store: DeliveryStore) -> None:
    imported(tmp_path, store, SIGNS[:2])
    assert [
        (one.event_time, one.name, one.value, one.account, one.session) for one in in_journal(tmp_path)
    ] == [(sign.at, "thumbs_down", 2, "a-1", "s-1") for sign in SIGNS[:2]]


def test_a_second_export_brings_only_what_is_new(tmp_path: Path, store: DeliveryStore) -> None:
    assert imported(tmp_path, store, SIGNS[:1_000]) == Imported(1_000, 0)
    assert imported(tmp_path, store, SIGNS[900:]) == Imported(100, 100)
    assert len(in_journal(tmp_path)) == 1_100


def test_a_sign_from_the_future_is_refused_before_anything_is_written(
    tmp_path: Path, store: DeliveryStore
) -> None:
    with pytest.raises(WrongUsage, match="to come"):
        imported(tmp_path, store, [*SIGNS[:3], Sign("x", "copy", NOW + timedelta(hours=1))])
    assert in_journal(tmp_path) == []


def test_what_may_be_a_person_s_address_is_hashed_before_it_is_written(
    tmp_path: Path, store: DeliveryStore
) -> None:
    imported(tmp_path, store, [Sign("run-1", "copy", NOW, 1, "jo@example.org", "chat jo@example.org")])
    (record,) = in_journal(tmp_path)
    assert (record.account or "").startswith("account-")
    assert (record.session or "").startswith("session-")
