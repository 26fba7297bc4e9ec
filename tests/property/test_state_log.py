"""State as a log: whatever is written, compacted, torn off and loaded, the state is that of the pointer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.jsonl.state import JsonlStateLog
from contracts.envelope import Envelope
from contracts.pointer import Change, Pointer
from operators.statelog import MemoryStateLog, StateLog
from tests.support.counting import AT, Count, Counted
from tests.support.laws import assert_batching_law, cuts

VALUES = st.none() | st.integers(-9, 9) | st.lists(st.text(max_size=3), max_size=2) | st.just({"é\n": True})
CHANGES = st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=2), VALUES), max_size=5)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CHANGES, st.sampled_from(["go on", "commit", "crash"])), max_size=12))
def test_a_restart_sees_the_last_committed_state_and_nothing_else(
    history: list[tuple[list[Change], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = _opened(Path(folder), None)
        committed: tuple[Pointer | None, dict[tuple[str, str], object]] = None, {}
        living: dict[tuple[str, str], object] = {}
        for changes, then in history:
            pointer = log.append(changes)
            _apply(living, changes)
            if then != "go on":
                log.close()
                pointer_then, state_then = (pointer, dict(living)) if then == "commit" else committed
                committed = pointer_then, state_then
                log = JsonlStateLog(Path(folder), 0, compact_from_bytes=120, compact_growth=2)
                living = {}
                _apply(living, list(log.load(pointer_then)))
                assert living == state_then
            else:
                committed = pointer, dict(living)
        log.close()


@settings(deadline=None, max_examples=40)
@given(st.lists(CHANGES, max_size=6))
def test_file_and_memory_hold_the_same_state(history: list[list[Change]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        states = []
        logs: list[StateLog] = [JsonlStateLog(Path(folder), 0, compact_from_bytes=100), MemoryStateLog()]
        for log in logs:
            list(log.load(None))
            pointer = None
            for changes in history:
                pointer = log.append(changes)
            state: dict[tuple[str, str], object] = {}
            _apply(state, list(log.load(pointer)))
            log.close()
            states.append(state)
        assert states[0] == states[1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 9)), max_size=90), cuts())
def test_the_trivial_step_obeys_the_law_of_batching(items: list[tuple[str, int]], where: list[float]) -> None:
    records: list[Envelope] = [
        Counted(id=f"0-{n}", kind="feedback", tenant="t", event_time=AT, ingested_at=AT, key=key, value=value)
        for n, (key, value) in enumerate(items)
    ]
    assert_batching_law(Count, records, where)


def _opened(folder: Path, pointer: Pointer | None) -> JsonlStateLog:
    log = JsonlStateLog(folder, 0, compact_from_bytes=120, compact_growth=2)
    list(log.load(pointer))
    return log


def _apply(state: dict[tuple[str, str], object], changes: list[Change]) -> None:
    for table, key, value in changes:
        if value is None:
            state.pop((table, key), None)
        else:
            state[table, key] = value
