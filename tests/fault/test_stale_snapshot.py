"""The engine can load a snapshot of an epoch that never committed; the scrub before a start deletes it."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path

from tests.support.flows_on_disk import left_behind, new_directory, reference, run_all, run_some
from wiring.datadir import DataDir
from wiring.snapshots import RecoveryStore


def _leave_a_stale_snapshot(root: Path) -> None:
    """What a kill between writing snapshots and committing their epoch leaves behind."""
    store = sqlite3.connect(root / "recovery" / "part-0.sqlite3")
    (resume,) = store.execute("select max(worker_frontier) from fronts").fetchone()
    (change,) = store.execute(
        "select ser_change from snaps where step_id = 'counting.count' and state_key = 'p0000'"
        " order by snap_epoch desc"
    ).fetchone()
    ahead = pickle.loads(change) | {"small": '{"total": 100000}'}
    store.execute(
        "insert or replace into snaps (step_id, state_key, snap_epoch, ser_change) values (?, ?, ?, ?)",
        ("counting.count", "p0000", resume, pickle.dumps(ahead)),
    )
    store.commit()
    store.close()


def test_a_snapshot_of_an_uncommitted_epoch_is_deleted_before_the_start(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    RecoveryStore(DataDir(tmp_path).recovery).scrub()
    _leave_a_stale_snapshot(tmp_path)
    assert run_all(tmp_path).prepared.scrubbed == 1
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_scrub_leaves_committed_snapshots_alone(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    store = RecoveryStore(DataDir(tmp_path).recovery)
    before = store.committed("counting")
    store.scrub()
    assert (store.scrub(), store.committed("counting")) == (0, before)
