"""Laws that every step obeys, as assertions: batching, snapshots and restores change nothing.

``assert_batching_law(make_step, records, cuts)`` is meant to be called with drawn records and cuts::

    @given(st.lists(records()), cuts())
    def test_batching_and_restarts_change_nothing(items, where):
        assert_batching_law(lambda: MyStep(...), items, where)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hypothesis import strategies as st

from contracts.envelope import Envelope
from contracts.registry import write_record
from operators.hosting import Emitted, Handed, StepHost
from operators.statelog import MemoryStateLog
from operators.step import Step

MakeStep = Callable[[], Step]


def cuts() -> st.SearchStrategy[list[float]]:
    """Where to cut a stream, as shares of its length."""
    return st.lists(st.floats(0, 1, allow_nan=False), max_size=6)


def assert_batching_law(
    make_step: MakeStep, records: Sequence[Envelope], cuts: Iterable[float | int]
) -> None:
    """One batch, batches cut at ``cuts``, one record a batch, and restarts at ``cuts`` give the same bytes.

    ``cuts`` are positions (int) or shares of the length (float). A restart takes a snapshot, goes on
    with the old step as a crash would leave it, and takes up a new step from snapshot and state log.
    """
    at = sorted({cut if isinstance(cut, int) else int(cut * len(records)) for cut in cuts})
    pieces = [records[a:b] for a, b in zip([0, *at], [*at, len(records)], strict=True)]
    whole = _lines(_run(make_step, [records]))
    assert _lines(_run(make_step, pieces)) == whole, f"cut at {at}: batching changed the result"
    assert _lines(_run(make_step, [[r] for r in records])) == whole, "one by one: batching changed the result"
    assert _lines(_run_with_restarts(make_step, pieces)) == whole, f"restarts at {at} changed the result"


def _run(make_step: MakeStep, pieces: Sequence[Sequence[Envelope]]) -> list[Emitted]:
    host = _host(make_step, MemoryStateLog())
    host.restore(None)
    emitted: list[Emitted] = []
    for piece in pieces:
        emitted += host.on_batch(_handed(piece, host.applied))
    return emitted


def _run_with_restarts(make_step: MakeStep, pieces: Sequence[Sequence[Envelope]]) -> list[Emitted]:
    log = MemoryStateLog()
    host = _host(make_step, log)
    host.restore(None)
    emitted: list[Emitted] = []
    for number, piece in enumerate(pieces):
        emitted += host.on_batch(_handed(piece, host.applied))
        snapshot = host.snapshot()
        if number + 1 < len(pieces):  # the dead run went on past its snapshot: none of that may be seen
            host.on_batch(_handed(pieces[number + 1], host.applied))
            host.snapshot()
        host = _host(make_step, log)
        host.restore(snapshot)
    return emitted


def _host(make_step: MakeStep, log: MemoryStateLog) -> StepHost:
    return StepHost("stage", 0, make_step(), log)


def _handed(piece: Sequence[Envelope], first: int) -> list[Handed]:
    return [Handed(0, first + n, record) for n, record in enumerate(piece)]


def _lines(emitted: Sequence[Emitted]) -> list[tuple[str, int, bytes]]:
    return [(e.out.topic, e.position, write_record(e.out.record)) for e in emitted]
