"""A hosted step: positions, what a snapshot holds, and what stops it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from contracts.envelope import Envelope, Out
from contracts.errors import StateCorrupt, StopWorker
from operators.hosting import Emitted, Handed, StepHost
from operators.state import Table
from operators.statelog import MemoryStateLog
from tests.support.counting import Count, decode


def _batch(first: int, count: int) -> list[Handed]:
    return [Handed(0, n, decode(0, n, b"k %d" % (n % 10))) for n in range(first, first + count)]


def _host(step: Any = None, log: MemoryStateLog | None = None) -> StepHost:
    return StepHost("count", 0, step or Count(), log or MemoryStateLog())


def _seen(emitted: Sequence[Emitted]) -> list[int]:
    return [getattr(e.out.record, "seen", -1) for e in emitted]


def test_outputs_are_numbered_per_topic_from_zero() -> None:
    host = _host()
    emitted = host.on_batch(_batch(0, 2)) + host.on_batch(_batch(2, 1))
    assert [(e.out.topic, e.position) for e in emitted] == [("counted", 0), ("counted", 1), ("counted", 2)]


def test_a_record_that_was_applied_is_skipped_and_counted() -> None:
    host = _host()
    host.on_batch(_batch(0, 3))
    assert _seen(host.on_batch(_batch(1, 3))) == [4]
    assert (host.applied, host.skipped) == (4, 2)


def test_a_missing_record_stops_the_step_before_it_learns_anything() -> None:
    host = _host()
    with pytest.raises(StateCorrupt, match="expected record 0 of its input, got 1"):
        host.on_batch(_batch(1, 1))


def test_a_restored_host_goes_on_where_its_snapshot_was_taken() -> None:
    log = MemoryStateLog()
    host = _host(log=log)
    host.on_batch(_batch(0, 3))
    snapshot = host.snapshot()
    host.on_batch(_batch(3, 5))
    host.snapshot()
    resumed = _host(log=log)
    resumed.restore(snapshot)
    assert _seen(resumed.on_batch(_batch(3, 1))) == [4]


def test_a_snapshot_does_not_change_while_the_step_goes_on() -> None:
    host = _host()
    host.on_batch(_batch(0, 3))
    snapshot = host.snapshot()
    before = repr(snapshot)
    host.on_batch(_batch(3, 3))
    assert repr(snapshot) == before


def test_a_snapshot_of_another_version_is_refused() -> None:
    snapshot = _host().snapshot() | {"v": 99}
    with pytest.raises(StateCorrupt, match="version 99"):
        _host().restore(snapshot)


def test_an_entry_of_an_unknown_table_is_refused() -> None:
    log = MemoryStateLog()
    pointer = log.append([("unknown", "a", 1)])
    snapshot = _host().snapshot() | {"pointer": pointer.as_data()}
    with pytest.raises(StateCorrupt, match="unknown"):
        _host(log=log).restore(snapshot)


def test_state_of_another_form_is_refused_with_what_to_do() -> None:
    class Changed(Count):
        def restore(self, small: Mapping[str, Any]) -> None:
            raise KeyError("new field")

    with pytest.raises(StateCorrupt, match=r"a form that this program does not read \(KeyError\); rebuild"):
        _host(Changed()).restore(_host().snapshot())


def test_an_unexpected_error_names_stage_partition_and_records() -> None:
    class Broken(Count):
        def on_records(self, records: Sequence[Envelope]) -> list[Out]:
            raise ZeroDivisionError

    with pytest.raises(StopWorker, match="stage count, partition 0: ZeroDivisionError in records 0-0 … 0-1"):
        _host(Broken()).on_batch(_batch(0, 2))


class _Model:
    """Bulk state that is no table: a list of squares, with its sum derived after loading."""

    def __init__(self) -> None:
        self.squares: dict[str, int] = {}
        self.sum = 0
        self._new: list[str] = []

    def learn_one(self, n: int) -> None:
        self.squares[str(n)] = n * n
        self._new.append(str(n))

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        new, self._new = self._new, []
        yield from (("squares", key, self.squares[key]) for key in new)

    def load(self, table: str, key: str, value: Any) -> None:
        assert table == "squares"
        self.squares[key] = value

    def finish_load(self) -> None:
        self.sum = sum(self.squares.values())


class _Modelled:
    """A step with a table and a model."""

    def __init__(self) -> None:
        self.tables: Mapping[str, Table[Any]] = {"n": Table[int]()}
        self.model = _Model()

    def bulk(self) -> _Model:
        return self.model

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        for _record in records:
            self.model.learn_one(len(self.model.squares))
            self.tables["n"].put("n", len(self.model.squares))
        return []

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, small: Mapping[str, Any]) -> None:
        assert small == {}


def test_the_bulk_state_of_a_model_is_logged_beside_the_tables() -> None:
    log = MemoryStateLog()
    host = _host(_Modelled(), log)
    host.on_batch(_batch(0, 4))
    snapshot = host.snapshot()
    step = _Modelled()
    _host(step, log).restore(snapshot)
    assert (step.tables["n"].get("n"), step.model.sum) == (4, 0 + 1 + 4 + 9)


def test_a_host_that_may_begin_anywhere_takes_the_first_record_it_meets_and_then_no_gap() -> None:
    host = StepHost("count", 0, Count(), MemoryStateLog(), anywhere=True)
    host.on_batch(_batch(7, 2))
    assert host.applied == 9
    with pytest.raises(StateCorrupt, match="expected record 9"):
        host.on_batch(_batch(10, 1))


def test_a_restored_host_goes_on_at_its_snapshot_wherever_it_began() -> None:
    log = MemoryStateLog()
    host = StepHost("count", 0, Count(), log, anywhere=True)
    host.on_batch(_batch(7, 2))
    resumed = StepHost("count", 0, Count(), log, anywhere=True)
    resumed.restore(host.snapshot())
    with pytest.raises(StateCorrupt, match="expected record 9"):
        resumed.on_batch(_batch(12, 1))
