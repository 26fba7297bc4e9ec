"""Running a pipeline: the reference's bytes, resuming, what readers may see and when, whose errors come out."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.jsonl.log import JsonlLog
from connectors.jsonl.sink import Published
from contracts.envelope import Envelope, Out
from contracts.errors import BudgetExceeded
from flows.stages import Stage
from tests.support.counting import Count, counting_pipeline
from tests.support.flows_on_disk import EVERY_BATCH, left_behind, new_directory, reference, run_all, run_some
from wiring.datadir import DataDir
from wiring.engine import Running, draining_on_signals, run_pipeline
from wiring.snapshots import RecoveryStore


@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_topics_and_state_are_those_of_the_reference_whatever_the_batch(tmp_path: Path, batch: int) -> None:
    new_directory(tmp_path)
    run_pipeline(counting_pipeline(2), tmp_path, Running(batch=batch, epoch=timedelta(milliseconds=20)))
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_second_run_takes_up_what_was_added_to_the_journal(tmp_path: Path) -> None:
    run_all(new_directory(tmp_path))
    with JsonlLog(tmp_path / "logs" / "journal", 2) as log:
        log.append(1, [b"k3 4", b"k4 5"])
    ended = run_all(tmp_path)
    assert (ended.prepared.fresh, ended.drained) == (False, False)
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_run_over_an_empty_journal_ends_at_once_and_leaves_empty_topics(tmp_path: Path) -> None:
    run_all(tmp_path)
    assert sorted({path.stat().st_size for path in (tmp_path / "logs").glob("*/p*.jsonl")}) == [0]
    assert run_all(tmp_path).prepared.fresh is False


def test_readers_never_see_what_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DataDir(new_directory(tmp_path))
    release = Published.release
    looked = 0

    def looking_first(published: Published) -> None:
        nonlocal looked
        staged = dict(published._staged)
        if staged:
            committed = RecoveryStore(directory.recovery).committed("counting")
            looked += 1
        for path, offset in staged.items():
            assert offset <= committed["topics", f"{path.parent.name}/{path.stem}"]
        release(published)

    monkeypatch.setattr(Published, "release", looking_first)
    run_pipeline(counting_pipeline(2), tmp_path, dataclasses.replace(EVERY_BATCH, batch=64))
    assert looked > 3


def test_an_error_of_a_step_comes_out_as_itself(tmp_path: Path) -> None:
    class OverBudget(Count):
        def on_records(self, records: Sequence[Envelope]) -> list[Out]:
            raise BudgetExceeded("too many")

    pipeline = counting_pipeline(2)
    over = Stage("count", "journal", lambda _partition: OverBudget())
    with pytest.raises(BudgetExceeded, match=r"^too many$"):
        run_all(new_directory(tmp_path), dataclasses.replace(pipeline, stages=(over, *pipeline.stages[1:])))


def test_a_cut_short_run_resumes_behind_its_last_epoch(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path), after=200)
    snapshots = RecoveryStore(DataDir(tmp_path).recovery).committed("counting")
    assert snapshots["journal", "p0000"][1] == snapshots["count", "p0000"]["applied"] > 100
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


def test_the_first_signal_drains_and_the_second_is_not_held_up() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with draining_on_signals() as draining:
        signal.raise_signal(signal.SIGTERM)
        assert draining.is_set()
        assert signal.getsignal(signal.SIGTERM) == before
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    handlers = []

    def in_thread() -> None:
        with draining_on_signals() as draining:
            handlers.append((signal.getsignal(signal.SIGTERM), draining.is_set()))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert handlers == [(before, False)]
