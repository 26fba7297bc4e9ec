"""Every implementation of ``operators.statelog.StateLog`` answers the same questions with the same answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.jsonl.state import JsonlStateLog
from connectors.kafka.names import Naming
from connectors.kafka.statelog import KafkaStateLogs
from contracts.errors import StateCorrupt
from contracts.pointer import Change, Pointer
from operators.statelog import MemoryStateLog, StateLog
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

Open = Callable[[], StateLog]
"""The same log again, as a process would open it that was started anew."""

State = dict[tuple[str, str], object]

# So small that some of the histories below compact once, some several times.
_COMPACT = {"compact_from_bytes": 400, "compact_growth": 2.0}


@pytest.fixture(params=["memory", "files", "kafka"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    if request.param == "memory":
        log = MemoryStateLog()
        yield lambda: log
    elif request.param == "files":
        opened: list[StateLog] = []

        def again() -> StateLog:
            for log in opened:
                log.close()
            opened.append(JsonlStateLog(tmp_path, 0, **_COMPACT))  # type: ignore[arg-type]
            return opened[-1]

        yield again
        opened[-1].close()
    else:
        broker: Broker = request.getfixturevalue("broker")
        naming: Naming = request.getfixturevalue("naming")
        make_topics(broker.cluster, [naming.state("themes")])
        logs = KafkaStateLogs(broker.cluster)
        yield lambda: logs.open(naming.state("themes"), 1, **_COMPACT)  # type: ignore[arg-type]


def state_of(changes: Iterator[Change]) -> State:
    state: State = {}
    for table, key, value in changes:
        if value is None:
            state.pop((table, key), None)
        else:
            state[table, key] = value
    return state


def written(log: StateLog, *batches: list[Change]) -> list[Pointer]:
    assert list(log.load(None)) == []
    return [log.append(batch) for batch in batches]


def row(n: int) -> Change:
    return ("rows", f"row {n}", {"n": n, "text": "é\n\u2028", "none": None})


def test_what_was_never_committed_is_not_there(reopened: Open) -> None:
    written(reopened(), [row(1)], [row(2)])
    assert list(reopened().load(None)) == []


def test_a_log_holds_what_was_written_in_its_order(reopened: Open) -> None:
    changes = [row(1), row(2), ("rows", "row 1", None)]
    pointer = written(reopened(), changes)[-1]
    assert list(reopened().load(pointer)) == changes


def test_an_earlier_pointer_hides_what_came_after_it(reopened: Open) -> None:
    first, _second = written(reopened(), [("t", "a", 1)], [("t", "a", 2)])
    assert list(reopened().load(first)) == [("t", "a", 1)]


def test_nothing_changed_leaves_the_pointer_where_it_is(reopened: Open) -> None:
    first, second = written(reopened(), [row(1)], [])
    assert first == second


def test_a_pointer_survives_as_plain_data(reopened: Open) -> None:
    pointer = written(reopened(), [row(1)])[-1]
    assert Pointer.from_data(pointer.as_data()) == pointer


def test_a_run_goes_on_behind_the_pointer_and_not_behind_the_dead_run(reopened: Open) -> None:
    committed, _lost = written(reopened(), [("t", "a", 1)], [("t", "a", 2), ("t", "b", 2)])
    log = reopened()
    list(log.load(committed))
    pointer = log.append([("t", "c", 3)])
    assert state_of(reopened().load(pointer)) == {("t", "a"): 1, ("t", "c"): 3}


def test_the_state_outlives_many_restarts_with_garbage_in_between(reopened: Open) -> None:
    pointer = written(reopened(), [("t", "0", 0)])[-1]
    for n in range(1, 6):
        log = reopened()
        list(log.load(pointer))
        pointer = log.append([("t", str(n), n)])
        log.append([("t", "garbage", n)])
    assert state_of(reopened().load(pointer)) == {("t", str(n)): n for n in range(6)}


def test_compaction_changes_nothing_that_is_loaded(reopened: Open) -> None:
    batches = [[("t", f"row {n % 3}", n), ("t", "gone", n), ("t", "gone", None)] for n in range(30)]
    pointer = written(reopened(), *batches)[-1]
    expected = {("t", f"row {n}"): 27 + n for n in range(3)}
    assert state_of(reopened().load(pointer)) == expected


def test_the_pointer_before_a_compaction_can_still_be_loaded(reopened: Open) -> None:
    before, *_ = written(reopened(), [("t", "a", 1)], [("t", "a", n) for n in range(40)])
    assert state_of(reopened().load(before)) == {("t", "a"): 1}


def test_a_log_that_was_emptied_takes_entries_again(reopened: Open) -> None:
    rows: list[Change] = [("t", str(n), n) for n in range(20)]
    pointer = written(reopened(), rows, [(t, k, None) for t, k, _ in rows], [("t", "new", 1)])[-1]
    assert state_of(reopened().load(pointer)) == {("t", "new"): 1}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_a_restart_sees_the_last_committed_state(reopened: Open, seed: int) -> None:
    rng = random.Random(seed)
    log = reopened()
    committed, committed_state = None, state_of(log.load(None))
    living = dict(committed_state)
    for _step in range(25):
        changes = [
            ("t", rng.choice("abcde"), rng.choice([None, rng.random()])) for _ in range(rng.randrange(9))
        ]
        pointer = log.append(changes)
        living |= {(table, key): value for table, key, value in changes}
        if rng.random() < 0.6:
            committed, committed_state = pointer, {k: v for k, v in living.items() if v is not None}
        else:  # killed before the snapshot was committed
            log = reopened()
            living = state_of(log.load(committed))
            assert living == committed_state


def test_a_pointer_that_is_ahead_of_the_log_is_refused(reopened: Open) -> None:
    pointer = written(reopened(), [row(1)])[-1]
    ahead = pointer.as_data() | {"bytes": pointer.bytes + 9, "entries": pointer.entries + 1}
    ahead["segments"] = [[session, start, end + 1] for session, start, end in pointer.segments]
    with pytest.raises(StateCorrupt):
        list(reopened().load(Pointer.from_data(ahead)))


def test_a_pointer_into_an_empty_log_is_refused(reopened: Open) -> None:
    log = reopened()
    list(log.load(None))
    pointer = Pointer(0, 31, 1, 0, "89abcdef", ())
    with pytest.raises(StateCorrupt):
        list(reopened().load(pointer))
