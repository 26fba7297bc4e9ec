"""F01, F02: kill -9 at random moments, with a sink that is slow now and then (invariants I1, I2, I10).

Nothing is lost, nothing counts twice, state equals offsets after every kill, and in the end topics and
state are those of a run without an engine. The long form is ``pytest -m slow``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.counting import counting_pipeline, write_journal
from tests.support.crash import bytes_below, kill_repeatedly
from tests.support.flows_on_disk import left_behind, reference
from wiring.datadir import DataDir, Manifest
from wiring.recovery import check_positions
from wiring.snapshots import RecoveryStore

PARTITIONS = 3


def _check_state_equals_offsets(root: Path) -> None:
    directory = DataDir(root)
    if Manifest.read(directory.manifest) is None:
        return  # killed before the directory was made
    snapshots = RecoveryStore(directory.recovery).committed("counting")
    check_positions(directory, counting_pipeline(PARTITIONS), snapshots)


def _survives(root: Path, *, kills: int, records: int, seed: int) -> None:
    write_journal(root, PARTITIONS, records)
    wanted = reference(root, PARTITIONS)
    size = [-1]

    def grown() -> bool:
        return bytes_below(root / "recovery") > size[0]

    def look(_number: int) -> None:
        _check_state_equals_offsets(root)
        size[0] = bytes_below(root / "recovery")

    survived = kill_repeatedly(
        [sys.executable, "-m", "tests.support.counting_worker", str(root), str(PARTITIONS)],
        kills,
        seed,
        ready=grown,
        alive_s=(0.0, 0.6),
        after_each_kill=look,
        env={"SLOW_SINK": "0.02", "SLOW_STEP_S": "0.004"},
    )
    assert survived.killed >= kills // 2, f"seed {seed}: most runs ended before they were killed"
    assert left_behind(root, PARTITIONS) == wanted, f"seed {seed}"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1])
def test_four_kills_lose_nothing_and_count_nothing_twice(tmp_path: Path, seed: int) -> None:
    _survives(tmp_path, kills=4, records=900, seed=seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [7, 8])
def test_twenty_kills_lose_nothing_and_count_nothing_twice(tmp_path: Path, seed: int) -> None:
    _survives(tmp_path, kills=20, records=6000, seed=seed)
