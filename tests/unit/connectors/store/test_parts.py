"""Which record belongs to which, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.store.engine import open_store, sqlite_url
from connectors.store.parts import Part, PartStore
from tests.support.postgres import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PartStore]:
    url = sqlite_url(tmp_path / "edge.sqlite3") if request.param == "sqlite" else fresh_database()
    engine = open_store(url)
    yield PartStore(engine)
    engine.dispose()


def test_parts_are_found_by_what_they_belong_to(store: PartStore) -> None:
    store.note([Part("acme", "7:2", "7"), Part("acme", "7:1", "7"), Part("acme", "8:1", "8")])
    store.note([Part("acme", "7:1", "7"), Part("acme", "7:3", "7"), Part("other", "7:9", "7")])
    assert store.of("acme", "7") == ["7:1", "7:2", "7:3"]
    assert store.of("acme", "9") == []


def test_a_part_that_moved_belongs_to_the_other_alone(store: PartStore) -> None:
    store.note([Part("acme", "m1", "7"), Part("acme", "m2", "7")])
    store.note([Part("acme", "m1", "7"), Part("acme", "m1", "8")])
    assert (store.of("acme", "7"), store.of("acme", "8")) == (["m2"], ["m1"])


def test_more_parts_than_one_statement_takes_are_remembered(store: PartStore) -> None:
    store.note([Part("acme", f"7:{n:05d}", "7") for n in range(6_000)])
    assert len(store.of("acme", "7")) == 6_000
