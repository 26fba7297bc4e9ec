"""The edge's store, on SQLite and on a real PostgreSQL: the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from connectors.store.cursors import CursorStore
from connectors.store.deliveries import DeliveryStore
from connectors.store.engine import open_store, sqlite_url
from connectors.store.tables import metadata
from connectors.vendors.port import Cursor
from contracts.errors import RetryLater, StateCorrupt, WrongUsage
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.lengthy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "a" / "edge.sqlite3") if request.param == "sqlite" else fresh_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


def test_migrations_make_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_several_processes_may_open_a_new_store_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for engine in pool.map(open_store, [url] * 4):
            engine.dispose()


def test_a_store_of_newer_code_is_refused(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateCorrupt, match="newer code"):
        open_store(url)


def test_a_cursor_is_read_as_it_was_saved(engine: Engine) -> None:
    store = CursorStore(engine)
    assert store.read("acme-intercom", "conversations") is None
    cursor = Cursor({"at": 12, "page": "x"}, (12, "a"))
    assert store.save("acme-intercom", "conversations", cursor, NOW)
    assert store.read("acme-intercom", "conversations") == cursor


def test_a_cursor_never_goes_back(engine: Engine) -> None:
    store = CursorStore(engine)
    store.save("c", "s", Cursor({"at": 12}, (12, "b")), NOW)
    assert not store.save("c", "s", Cursor({"at": 11}, (11, "z")), NOW)
    assert store.save("c", "s", Cursor({"at": 13}, (13, "a")), NOW)
    assert store.read("c", "s") == Cursor({"at": 13}, (13, "a"))


def test_a_forgotten_cursor_begins_anew(engine: Engine) -> None:
    store = CursorStore(engine)
    store.save("c", "s", Cursor({}, (2,)), NOW)
    store.forget("c", "s")
    assert store.save("c", "s", Cursor({}, (1,)), NOW)


def test_a_delivery_is_known_once_it_was_noted_until_it_is_forgotten(engine: Engine) -> None:
    store = DeliveryStore(engine)
    assert not store.seen("c", "d1")
    store.note("c", "d1", NOW)
    store.note("c", "d1", NOW + timedelta(hours=1))
    assert store.seen("c", "d1")
    assert not store.seen("other", "d1")
    assert store.forget_before(NOW + timedelta(days=1)) == 1
    assert not store.seen("c", "d1")


def test_an_address_that_names_no_store_is_refused() -> None:
    with pytest.raises(WrongUsage, match="store address"):
        open_store("nothing://here")


def test_a_server_that_is_away_says_try_later() -> None:
    with pytest.raises(RetryLater, match="store"):
        open_store("postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=2")


def test_several_processes_may_save_the_first_cursor_at_once(engine: Engine) -> None:
    store = CursorStore(engine)
    for stream in map(str, range(20)):
        with ThreadPoolExecutor(4) as pool:
            saved = list(
                pool.map(lambda n, s=stream: store.save("c", s, Cursor({"at": n}, (n,)), NOW), range(4))
            )
        assert saved[3]
        assert store.read("c", stream) == Cursor({"at": 3}, (3,))


def test_as_many_deliveries_as_wait_together_are_asked_about_at_once(engine: Engine) -> None:
    store = DeliveryStore(engine)
    store.note("c", "7", NOW)
    assert store.seen_of(("c", str(n)) for n in range(40_000)) == {("c", "7")}
