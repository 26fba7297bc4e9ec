"""The checker finds what is planted: a checker that cannot fail proves nothing. No broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checker import Stored, judge
from tests.support.undisturbed import Lane, Undisturbed, undisturbed
from tests.support.workload import Attempt, Workload, attempts, make_workload

TENANTS = {"canary-ada": slice(950, 1010), "canary-bob": slice(950, 970)}
LANE: Lane = ("redacted", "intake", 0)

Lanes = dict[Lane, list[Stored]]


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    return make_workload(tmp_path_factory.mktemp("checker") / "workload", 1, 1, TENANTS)


@pytest.fixture(scope="module")
def expected(workload: Workload) -> Undisturbed:
    return undisturbed(workload.keys, workload.journal(), workload.root / "reference")


@pytest.fixture
def lanes(expected: Undisturbed) -> Lanes:
    """What an undisturbed run leaves on Kafka."""
    return {lane: _stored(lane, values) for lane, values in expected.topics.items()}


def _stored(lane: Lane, values: list[bytes]) -> list[Stored]:
    _topic, stage, partition = lane
    records = [json.loads(value) for value in values]
    source = f"/undercurrent/g1/{stage}/{partition}"
    return [
        Stored(place, source, record["id"], record["tenant"].encode(), value)
        for place, (record, value) in enumerate(zip(records, values, strict=True))
    ]


def _items(messages: list[Stored]) -> list[int]:
    """Where the messages of items are."""
    return [place for place, message in enumerate(messages) if b'"kind":"feedback"' in message.value]


def lose_the_last(lanes: Lanes) -> None:
    lanes[LANE].pop(_items(lanes[LANE])[-1])


def say_it_twice_differently(lanes: Lanes) -> None:
    lanes[LANE].append(lanes[LANE][0]._replace(value=b"{}"))


def invent(lanes: Lanes) -> None:
    last = lanes[LANE][-1]
    lanes[LANE].append(last._replace(sequence=last.sequence + 1, event="0-999999-intake-0"))


def let_an_old_revision_win(lanes: Lanes) -> None:
    first = lanes[LANE][_items(lanes[LANE])[0]]
    item = json.loads(first.value)
    for revision in (3, 2):
        value = json.dumps({**item, "revision": revision}).encode()
        event = f"{first.event}{revision}"
        lanes[LANE].append(first._replace(sequence=len(lanes[LANE]), event=event, value=value))


def name_a_stranger(lanes: Lanes) -> None:
    place = next(n for n, message in enumerate(lanes[LANE]) if message.key == b"canary-ada")
    message = lanes[LANE][place]
    lanes[LANE][place] = message._replace(value=message.value.replace(b"canary-ada", b"canary-bob"))


def test_an_undisturbed_run_holds_and_so_does_one_with_repeats(
    workload: Workload, expected: Undisturbed, lanes: Lanes
) -> None:
    lanes[LANE][5:5] = lanes[LANE][2:5]
    verdict, _once = judge(workload.journal(), lanes, expected)
    assert verdict.sentences == []
    assert verdict.looked_at["duplicates in topics"] == 3


@pytest.mark.parametrize(
    ("plant", "invariant"),
    [
        (lose_the_last, "I2"),
        (say_it_twice_differently, "I2"),
        (invent, "I3"),
        (let_an_old_revision_win, "I4"),
        (name_a_stranger, "I5"),
        (lose_the_last, "I10"),
    ],
)
def test_what_is_planted_is_found(
    workload: Workload,
    expected: Undisturbed,
    lanes: Lanes,
    plant: Callable[[Lanes], None],
    invariant: str,
) -> None:
    plant(lanes)
    verdict, _once = judge(workload.journal(), lanes, expected)
    assert verdict.broken[invariant]


def test_a_delivery_without_an_outcome_is_found(
    workload: Workload, expected: Undisturbed, lanes: Lanes
) -> None:
    lose_the_last(lanes)
    lanes[LANE] = [message._replace(sequence=n) for n, message in enumerate(lanes[LANE])]
    verdict, _once = judge(workload.journal(), lanes, expected)
    assert any("accepted, but nothing became of it" in said for said in verdict.broken["I1"])


def test_what_was_accepted_and_is_not_in_the_journal_is_found(
    workload: Workload, expected: Undisturbed, lanes: Lanes
) -> None:
    said = [Attempt("ok", 0, [b"never arrived"]), Attempt("info", 0, [b"nor this"])]
    verdict, _once = judge(workload.journal(), lanes, expected, said)
    assert verdict.broken["I1"] == ["partition 0: 1 records were accepted and are not in the journal"]


def test_an_account_tells_each_attempt_with_its_records(workload: Workload, tmp_path: Path) -> None:
    notes = [{"op": op, "partition": 0, "first": 2, "count": 3} for op in ("invoke", "info", "invoke", "ok")]
    (tmp_path / "account").write_text("".join(json.dumps(note) + "\n" for note in notes))
    those = workload.lines(0)[2:5]
    assert attempts(tmp_path / "account", workload) == [Attempt("info", 0, those), Attempt("ok", 0, those)]
