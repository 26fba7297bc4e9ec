"""Running a pipeline: the reference's bytes, resuming, what readers may see and when, whose errors come out."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
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
    run_pipeline(counting_pipeline(2), tmp_path, Running(batch=batch, epoch=timedelta(milliseconds=200)))
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


# Asks the recovery store from another process: a second SQLite in the engine's own would undo its file locks.
ASK_THE_STORE = """
import json, pickle, sqlite3, sys
for _question in sys.stdin:
    store = sqlite3.connect(sys.argv[1])
    (resume,) = store.execute("select max(worker_frontier) from fronts").fetchone()
    rows = store.execute(
        "select state_key, ser_change from snaps where step_id = 'counting.topics' and snap_epoch < ?"
        " order by snap_epoch", (resume or 0,)
    ).fetchall()
    store.close()
    print(json.dumps({key: pickle.loads(change) for key, change in rows}), flush=True)
"""


def test_readers_never_see_what_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_directory(tmp_path)
    store = tmp_path / "recovery" / "part-0.sqlite3"
    release = Published.release
    seen: list[tuple[int, int]] = []
    argv = [sys.executable, "-c", ASK_THE_STORE, str(store)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def asking_first(published: Published) -> None:
            if published._staged:
                print("?", file=child.stdin, flush=True)
                committed = json.loads(child.stdout.readline())
                for path, offset in published._staged.items():
                    seen.append((offset, committed.get(f"{path.parent.name}/{path.stem}", 0)))
            release(published)

        monkeypatch.setattr(Published, "release", asking_first)
        run_pipeline(counting_pipeline(2), tmp_path, dataclasses.replace(EVERY_BATCH, batch=64))
        child.stdin.close()
    assert len(seen) > 20
    assert [offset for offset, committed in seen if offset > committed] == []


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
