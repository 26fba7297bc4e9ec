"""The outbox, on SQLite and on a real PostgreSQL: each row is somebody's once, and nothing happens out of order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.store.engine import micros, open_store, sqlite_url
from connectors.store.issues import IssueStore, Pause, Tracked
from connectors.store.outbox import Effect, OutboxStore
from contracts.errors import StateCorrupt
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.lengthy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = sqlite_url(tmp_path / "edge.sqlite3") if request.param == "sqlite" else fresh_database()
    with closing_engine(url) as opened:
        yield opened


@contextmanager
def closing_engine(url: str) -> Iterator[Engine]:
    engine = open_store(url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> OutboxStore:
    return OutboxStore(engine)


def effect(name: str, **changed: object) -> Effect:
    at = micros(NOW)
    made = Effect(
        id=name, tenant="acme", destination="acme-linear", kind="linear", verb="open", about=name, place=1,
        record_id="0-1-priority-0", state="pending", autonomy="act", happened_at=at, taken_at=at, changed_at=at,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def claimed(store: OutboxStore, now: datetime = NOW) -> list[Effect]:
    return store.claim(now, lease_s=60, most=10, each=10)


def names(effects: list[Effect]) -> list[str]:
    return [one.id for one in effects]


def test_taking_twice_is_taking_once(store: OutboxStore) -> None:
    assert store.add([effect("a"), effect("b")]) == 2
    assert store.add([effect("a", state="proposed"), effect("c")]) == 1
    assert [one.state for one in store.find("a")] == ["pending"]


def test_a_row_is_claimed_by_one_of_many(store: OutboxStore) -> None:
    store.add([effect(f"e{n:03}") for n in range(60)])
    taken: list[Effect] = []
    with ThreadPoolExecutor(6) as pool:
        while len(taken) < 60:
            found = [one for got in pool.map(lambda _: claimed(store), range(6)) for one in got]
            assert found, "nobody gets the rest"
            taken += found
    assert Counter(names(taken)) == Counter({f"e{n:03}": 1 for n in range(60)})


def test_a_lease_that_ended_is_given_to_another_and_the_first_changes_nothing(store: OutboxStore) -> None:
    store.add([effect("a")])
    (first,) = claimed(store)
    assert claimed(store, NOW + timedelta(seconds=59)) == []
    (second,) = claimed(store, LATER)
    assert not store.settle(first, LATER, state="done")
    assert not store.renew(first, LATER)
    assert store.settle(second, LATER, state="done")


def test_a_lease_that_is_renewed_is_kept(store: OutboxStore) -> None:
    store.add([effect("a")])
    (mine,) = claimed(store)
    assert store.renew(mine, LATER + timedelta(seconds=1))
    assert claimed(store, LATER) == []


def test_effects_about_one_thing_happen_in_their_order(store: OutboxStore) -> None:
    store.add(
        [effect("z", about="i", place=1), effect("a", about="i", place=2), effect("b", about="j", place=3)]
    )
    assert names(claimed(store)) == ["z", "b"]
    (z,) = (one for one in store.find("z"))
    store.settle(z, NOW, state="done")
    assert names(claimed(store)) == ["a"]


def test_what_waits_for_a_person_holds_up_what_comes_behind_it(store: OutboxStore) -> None:
    store.add([effect("a", about="i", place=1, state="proposed"), effect("b", about="i", place=2)])
    assert claimed(store) == []
    assert store.decide("a", "ann", NOW, "cancelled", ["proposed"])
    assert names(claimed(store)) == ["b"]


def test_a_person_decides_once(store: OutboxStore) -> None:
    store.add([effect("a", state="proposed", payload="x", has_quotes=True)])
    assert store.decide("a", "ann", LATER, "pending", ["proposed"])
    assert not store.decide("a", "bob", LATER, "cancelled", ["proposed"])
    (row,) = store.find("a")
    assert (row.state, row.decided_by, row.decided_at, row.payload) == ("pending", "ann", micros(LATER), "x")


def test_a_cancelled_row_keeps_no_words(store: OutboxStore) -> None:
    store.add([effect("a", state="proposed", payload="x", has_quotes=True)])
    store.decide("a", "ann", NOW, "cancelled", ["proposed"], "not ours")
    (row,) = store.find("a")
    assert (row.payload, row.has_quotes, row.reason) == (None, False, "not ours")


def test_quotes_are_dropped_when_their_time_is_over(store: OutboxStore) -> None:
    week = micros(NOW) + 7 * 86_400_000_000
    store.add([effect("a", state="manual", payload="quotes", has_quotes=True, quotes_until=week)])
    assert store.rewrite(NOW + timedelta(days=6), lambda _row: "none") == 0
    assert store.rewrite(NOW + timedelta(days=7), lambda row: f"was {row.payload}") == 1
    (row,) = store.find("a")
    assert (row.payload, row.has_quotes, row.state) == ("was quotes", False, "manual")


def test_what_is_rewritten_leaves_the_files_of_an_embedded_store(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "edge.sqlite3")
    with closing_engine(url) as engine, closing_engine(url) as beside, beside.connect():
        store = OutboxStore(engine)
        store.add([effect("a", payload="c2VhbGVk" * 900, has_quotes=True, quotes_until=micros(NOW))])
        assert any(b"c2VhbGVk" in file.read_bytes() for file in tmp_path.iterdir())
        assert store.rewrite(NOW, lambda _row: "none") == 1
        assert [file.name for file in tmp_path.iterdir() if b"c2VhbGVk" in file.read_bytes()] == []


def test_rows_that_do_not_open_hold_up_no_quotes_of_others(store: OutboxStore) -> None:
    late = {"payload": "sealed", "has_quotes": True, "quotes_until": micros(NOW)}
    store.add([effect(name, **late) for name in "abcd"])

    def rewritten(row: Effect) -> str:
        if row.id in "abc":
            raise StateCorrupt("it does not open")
        return "wordless"

    assert store.rewrite(NOW, rewritten, most=2) == 1
    assert [(row.id, row.payload) for row in store.listed(["pending"]) if not row.has_quotes] == [
        ("d", "wordless")
    ]


def test_what_is_being_sent_by_then_keeps_the_payload_that_it_has(store: OutboxStore) -> None:
    store.add([effect("a", payload="sealed", has_quotes=True, quotes_until=micros(NOW))])
    assert store.rewrite(NOW, lambda _row: claimed(store)[0].id) == 0
    assert store.find("a")[0].payload == "sealed"


def test_a_quota_is_exact_and_an_effect_counts_once(store: OutboxStore) -> None:
    store.add([effect(f"e{n}") for n in range(8)])
    with ThreadPoolExecutor(4) as pool:
        rows = claimed(store)
        paid = list(pool.map(lambda one: store.charge(one, "2026-03", 5), rows))
    assert sum(paid) == 5
    again = [one for one, was in zip(rows, paid, strict=True) if was]
    assert all(store.charge(one, "2026-03", 5) for one in again)
    assert store.charge(rows[paid.index(False)], "2026-04", 5)


def test_a_paused_destination_gets_nothing_until_it_is_resumed(store: OutboxStore, engine: Engine) -> None:
    issues = IssueStore(engine)
    store.add([effect("a"), effect("b", destination="other", about="b")])
    assert issues.pause(Pause("acme-linear", "acme", "401", micros(NOW), None))
    assert names(claimed(store)) == ["b"]
    assert issues.resume("acme-linear")
    assert names(claimed(store)) == ["a"]


def test_a_pause_ends_by_itself_at_its_time(store: OutboxStore, engine: Engine) -> None:
    store.add([effect("a")])
    pause = Pause("acme-linear", "acme", "busy", micros(NOW), micros(LATER))
    assert IssueStore(engine).pause(pause)
    assert not IssueStore(engine).pause(pause)
    assert claimed(store) == []
    assert names(claimed(store, LATER)) == ["a"]


def test_what_an_outage_stranded_comes_back_and_what_was_refused_does_not(store: OutboxStore) -> None:
    store.add([effect("a", state="manual", is_outage=True), effect("b", state="manual", about="b")])
    assert store.release("acme-linear", NOW) == 1
    assert names(claimed(store)) == ["a"]


def test_one_stranded_row_of_a_destination_is_tried_now_and_then(store: OutboxStore) -> None:
    store.add([effect(name, state="manual", is_outage=True, attempts=3) for name in ("a", "b")])
    assert store.probe(NOW - timedelta(minutes=1), NOW) == 0
    assert store.probe(NOW, LATER) == 1
    assert [(one.id, one.attempts) for one in claimed(store, LATER)] == [("a", 0)]


def test_a_stranded_row_that_always_fails_does_not_hold_up_the_rest(store: OutboxStore) -> None:
    store.add([effect(name, state="manual", is_outage=True) for name in ("a", "b")])
    tried = list[str]()
    for n in range(1, 4):
        now = NOW + timedelta(minutes=10 * n)
        assert store.probe(now - timedelta(minutes=10), now) == 1
        (one,) = claimed(store, now)
        assert store.probe(now - timedelta(minutes=10), now) == 0  # one at a time
        tried.append(one.id)
        assert store.settle(one, now, state="manual", is_outage=True)
    assert tried == ["a", "b", "a"]


def test_no_stranded_row_is_tried_behind_another_about_the_same(store: OutboxStore) -> None:
    told = {"state": "manual", "is_outage": True, "about": "issue"}
    store.add([effect("a", place=2, **told), effect("b", place=1, **told)])
    assert store.probe(NOW, LATER) == 1
    assert names(claimed(store, LATER)) == ["b"]


def test_an_issue_is_known_by_our_id_by_the_trackers_and_by_theme(engine: Engine) -> None:
    issues = IssueStore(engine)
    issue = Tracked("acme-linear", "i", "acme", "t", "ext", "ENG-1", "https://x.test/ENG-1", {"title": "h"})
    issues.track(issue, NOW)
    issues.track(replace(issue, is_deleted=True), LATER)
    assert issues.of("acme-linear", "i") == replace(issue, is_deleted=True)
    assert issues.by_external("acme-linear", "ext") == issues.of_theme("acme-linear", "acme", "t")[0]
    assert issues.of("other", "i") is None


def test_a_destination_with_much_to_do_leaves_room_for_others(store: OutboxStore) -> None:
    store.add([effect(f"e{n}") for n in range(9)] + [effect("other", destination="other", urgency=4)])
    assert names(store.claim(NOW, lease_s=60, most=8, each=3)) == ["e0", "e1", "e2", "other"]
    assert store.claim(NOW, lease_s=60, most=8, but=["acme-linear"]) == []
