"""What the labeller remembers: what waits, in its order, until it is settled; a file that is none is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.labelling.store import Change, Decided, Labelled, LabellingStore, Wanted
from contracts.errors import StateCorrupt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LabellingStore]:
    store = LabellingStore(tmp_path / "deep" / "answers.sqlite3")
    yield store
    store.close()


def prompt(_tenant: str) -> str:
    return "p"


def wanted(*names: str, tenant: str = "acme") -> Change:
    return Change(tuple(Wanted(tenant, name, b"{}", "why") for name in names))


def names(store: LabellingStore, without: tuple[str, ...] = ()) -> list[str]:
    return [one.concern for one in store.waiting(9, without)]


def test_what_waited_longest_comes_first_and_other_tenants_can_be_left_out(store: LabellingStore) -> None:
    store.take([wanted("b", "a"), wanted("c", tenant="beta")], prompt, {"t/0": 7})
    assert (names(store), names(store, ("acme",)), store.count()) == (["b", "a", "c"], ["c"], 3)
    assert store.positions() == {"t/0": 7}


def test_what_is_told_again_keeps_its_place_and_what_is_settled_goes(store: LabellingStore) -> None:
    store.take([wanted("a", "b"), wanted("a"), Change(settled=("b",))], prompt, {})
    assert names(store) == ["a"]


def test_the_latest_of_each_category_is_kept_however_often_it_is_read(store: LabellingStore) -> None:
    orders = [
        Labelled("acme", "b", 3, b"b3"),
        Labelled("acme", "a", 5, b"a5"),
        Labelled("acme", "b", 9, b"b9"),
    ]
    for read in (orders, orders[:2], [Labelled("beta", "b", 4, b"other")]):
        store.keep_labels(read)
    assert store.labels() == {"acme": [b"b9", b"a5"], "beta": [b"other"]}


def test_what_was_given_up_waits_for_another_prompt(store: LabellingStore) -> None:
    store.take([wanted("a")], prompt, {})
    store.settle([], {"a": "p"})
    store.take([wanted("a")], prompt, {})
    assert names(store) == []
    store.take([wanted("a")], lambda _tenant: "p2", {})
    assert names(store) == ["a"]


def test_the_oldest_answers_are_let_go(store: LabellingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.labelling.store.CACHED", 2)
    for key in "abc":
        store.cache({key: key.encode()})
    assert store.cached("abc") == {"b": b"b", "c": b"c"}


def by_person(*names: str, gone: tuple[str, ...] = ()) -> Change:
    return Change(decided=tuple(Decided("acme", n, "en", "e", b"vv", n.encode()) for n in names), gone=gone)


def records(store: LabellingStore) -> list[bytes]:
    return [store.decided_record(row.number) for row in store.decided("acme")]


def test_the_latest_decisions_of_people_are_kept_however_often_they_are_read(
    store: LabellingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.labelling.store.DECIDED", 2)
    for _ in range(2):
        store.take([by_person("a"), by_person("b", "c")], prompt, {})
        assert records(store) == [b"b", b"c"]
    assert store.decided("beta") == []


def test_a_decision_about_what_stands_no_more_is_forgotten(store: LabellingStore) -> None:
    store.take([by_person("a", "b"), by_person(gone=("a",))], prompt, {})
    assert records(store) == [b"b"]
    store.forget_decided([store.decided("acme")[0].number])
    assert records(store) == []


def test_the_latest_outcomes_of_each_tenant_are_kept(store: LabellingStore) -> None:
    store.keep_outcomes("acme", [False, True, True], last=2)
    store.keep_outcomes("beta", [False], last=2)
    store.keep_outcomes("acme", [False], last=2)
    assert (store.outcomes("acme"), store.outcomes("beta")) == ([True, False], [False])


def test_people_are_told_once(store: LabellingStore) -> None:
    assert not store.was_told("x")
    store.tell("x")
    assert store.was_told("x")


def test_a_file_that_is_no_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite3").write_bytes(
        b"not a database at all, but long enough to look like one" * 20
    )
    with pytest.raises(StateCorrupt, match="delete it"):
        LabellingStore(tmp_path / "answers.sqlite3")
