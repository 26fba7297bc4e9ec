"""F05, F15: SIGTERM drains; a full disk stops the worker before anything is acknowledged."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.jsonl.layout import read_committed
from connectors.jsonl.log import JsonlLog, read_log
from contracts.errors import StopWorker
from tests.support.crash import ROOT, run_to_end
from tests.support.flows_on_disk import PARTITIONS, RECORDS, left_behind, new_directory, reference
from wiring.datadir import DataDir
from wiring.snapshots import RecoveryStore


def _argv(root: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "tests.support.counting_worker", str(root), str(PARTITIONS), *flags]


def _start(root: Path, *flags: str, preexec: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        _argv(root, *flags), cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=preexec
    )


def _wait_until(is_so: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


def _published(root: Path) -> int:
    return sum(read_committed(path) or 0 for path in (root / "logs" / "counted").glob("p*.jsonl"))


def test_sigterm_takes_a_last_snapshot_and_publishes_everything(tmp_path: Path) -> None:
    new_directory(tmp_path)
    worker = _start(tmp_path, "follow")
    _wait_until(lambda: _published(tmp_path) > 0)
    worker.send_signal(signal.SIGTERM)
    _out, err = worker.communicate(timeout=60)
    assert (worker.returncode, "drained=True" in err) == (0, True), err
    snapshots = RecoveryStore(DataDir(tmp_path).recovery).committed("counting")
    for path in (tmp_path / "logs" / "counted").glob("p*.jsonl"):
        assert read_committed(path) == path.stat().st_size == snapshots["topics", f"counted/{path.stem}"]


def test_a_follower_shows_the_last_record_without_waiting_for_another(tmp_path: Path) -> None:
    new_directory(tmp_path)
    worker = _start(tmp_path, "follow")
    wanted = RECORDS * PARTITIONS - len(_poisoned(tmp_path))
    try:
        _wait_until(lambda: _shown(tmp_path) == wanted)
    finally:
        worker.kill()
        worker.communicate()
    run_to_end(_argv(tmp_path))
    assert left_behind(tmp_path) == reference(tmp_path)


@pytest.mark.parametrize("limit", [24_000, 50_000, 68_000], ids=["at creation", "early", "late"])
def test_a_full_disk_stops_the_worker_and_with_space_again_nothing_is_lost(
    tmp_path: Path, limit: int
) -> None:
    """``limit``: bytes a file may have."""
    new_directory(tmp_path)

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    worker = _start(tmp_path, preexec=small_disk)
    _out, err = worker.communicate(timeout=60)
    assert worker.returncode == 1, err
    assert "StopWorker" in err
    run_to_end(_argv(tmp_path))
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_full_disk_refuses_a_batch_of_the_journal_whole(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with JsonlLog(tmp_path, 1) as log:
        log.append(0, [b"x" * 500])
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            with pytest.raises(StopWorker, match="free space"):
                log.append(0, [b"y" * 300, b"z" * 300])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(log.append(0, [b"again"])) == [1]
    assert [line.data[:5] for line in read_log(tmp_path, 0)] == [b"xxxxx", b"again"]


def _shown(root: Path) -> int:
    return sum(1 for p in range(PARTITIONS) for _line in read_log(root / "logs" / "counted", p))


def _poisoned(root: Path) -> list[bytes]:
    journal = root / "logs" / "journal"
    lines = [line.data for p in range(PARTITIONS) for line in read_log(journal, p)]
    return [line for line in lines if line.startswith(b"\xff")]
