"""Alerts of the outbox, on SQLite and on a real PostgreSQL: one process at a time says something somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from connectors.store.alerts import AlertStore
from connectors.store.engine import micros, open_store, sqlite_url
from connectors.store.outbox import Effect, OutboxStore
from tests.support.postgres import fresh_database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
AT_ONCE = 6


@dataclass(frozen=True)
class Rows:
    outbox: OutboxStore
    alerts: AlertStore


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rows]:
    url = sqlite_url(tmp_path / "edge.sqlite3") if request.param == "sqlite" else fresh_database()
    engine = open_store(url)
    yield Rows(OutboxStore(engine), AlertStore(engine))
    engine.dispose()


def alert(name: str, **changed: object) -> Effect:
    at = micros(NOW)
    made = Effect(
        id=name, tenant="acme", destination="acme-slack", kind="slack", verb="alert", about=name, place=1,
        record_id="0-1-priority-0", state="pending", autonomy="act", happened_at=at, taken_at=at, changed_at=at,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("again", range(5))
def test_of_many_that_want_to_speak_at_the_same_instant_one_does(store: Rows, again: int) -> None:
    store.outbox.add([alert(f"{again}-{n}") for n in range(AT_ONCE)])
    mine = [store.outbox.claim(NOW, lease_s=60, most=1)[0] for _ in range(AT_ONCE)]
    together = Barrier(AT_ONCE)

    def speaks(one: Effect) -> bool:
        together.wait()
        return store.alerts.speaks(one, NOW)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(speaks, mine)) == 1


def test_an_alert_takes_along_what_else_is_to_be_said_there(store: Rows) -> None:
    store.outbox.add(
        [
            alert("a"),
            alert("b"),
            alert("c", tenant="other"),
            alert("d", happened_at=0),
            alert("e", verb="open", destination="acme-linear"),
        ]
    )
    mine, theirs = store.outbox.claim(NOW, lease_s=60, most=2, each=2)
    store.outbox.add([alert("f", next_at=micros(LATER))])
    joined = store.alerts.join(mine, NOW, lease_s=60, since=NOW - timedelta(days=1), most=10)
    assert [one.id for one in joined] == [theirs.id] == ["b"]
    assert not store.outbox.renew(theirs, LATER)
    assert store.outbox.settle(joined[0], NOW, state="done")
    assert store.outbox.renew(mine, LATER)


def test_when_an_alert_was_said_last_is_known_for_so_long(store: Rows) -> None:
    store.outbox.add([alert("a"), alert("b", destination="elsewhere")])
    for one in store.outbox.claim(NOW, lease_s=60, most=10, each=10):
        store.outbox.settle(one, NOW, state="done")
    assert store.alerts.said_last("acme-slack", NOW - timedelta(seconds=1)) == micros(NOW)
    assert store.alerts.said_last("acme-slack", NOW) is None
    assert store.alerts.said_last("nowhere", NOW - timedelta(days=1)) is None
