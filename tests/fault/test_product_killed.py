"""F01, F02 for the product: kill -9 of the worker at random moments, with a sink that is slow now and then.

Nothing is lost, nothing counts twice, state equals offsets after every kill, and in the end every topic has
the bytes of the undisturbed run, all fields, state is the same, and the vector index holds the same points.
The long form is ``make faults``; ``FAULT_KILLS`` is its number of kills.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from models.encoders.hashing import KeywordEncoder
from operators.themes.audit import audit_themes
from tests.support.crash import Survived, bytes_below, kill_repeatedly, topic_bytes
from tests.support.product import (
    KEYWORDS,
    TENANT,
    check_state_equals_offsets,
    copy_of,
    item_vectors,
    ledger_of,
    load_sample,
    run_worker,
    state_of,
    theme_mirror,
)
from wiring.datadir import DataDir
from wiring.stages.themes import open_index

FIRST = slice(0, 400)
KILLS = int(os.environ.get("FAULT_KILLS", "20"))
ENV: Mapping[str, str] = KEYWORDS | {"UNDERCURRENT_EPOCH_S": "0.1", "SLOW_SINK": "0.01", "BATCH": "16"}


class Undisturbed:
    """A loaded journal, and what a run over it leaves that nobody disturbs."""

    def __init__(self, root: Path, part: slice) -> None:
        load_sample(root / "loaded", part)
        self.loaded = root / "loaded"
        self.directory = copy_of(self.loaded, root / "undisturbed")
        run_worker(self.directory)


def kill_often(directory: Path, kills: int, seed: int) -> Survived:
    """Kill the worker, mostly while it commits and sometimes before it has begun to, then let it finish."""
    rng = random.Random(seed)
    seen = [-1]
    anywhere = [False]

    def ready() -> bool:
        return anywhere[0] or _committed(directory) > seen[0]

    def look(_number: int) -> None:
        check_state_equals_offsets(directory)
        seen[0] = _committed(directory)
        anywhere[0] = rng.random() < 0.25

    argv = [sys.executable, "-m", "tests.support.product_worker", str(directory)]
    return kill_repeatedly(
        argv, kills, seed, ready=ready, alive_s=(0.0, 0.8), after_each_kill=look, env=ENV, timeout_s=240
    )


def assert_as_if_undisturbed(directory: Path, undisturbed: Path) -> None:
    """Topics, state and index of both directories are the same, and no law of the outcomes is broken."""
    ours, theirs = topic_bytes(DataDir(directory).logs), topic_bytes(DataDir(undisturbed).logs)
    assert [name for name in theirs if ours.get(name) != theirs[name]] == []
    assert state_of(directory) == state_of(undisturbed)
    assert ledger_of(directory).check() == []


def assert_same_index(directory: Path, undisturbed: Path) -> None:
    """Both indexes hold the same themes, which are the stage's own, and find the same concerns."""
    mirror = theme_mirror(directory)
    asked = [(point.group, vector) for point in mirror for vector in (point.vector, point.vector[::-1])]
    encoder = KeywordEncoder()
    ours, theirs = (
        open_index(where / "qdrant", encoder.version, encoder.dims) for where in (directory, undisturbed)
    )
    try:
        assert ours.count_items(TENANT) == theirs.count_items(TENANT) > 0
        assert ours.count_themes(TENANT) == theirs.count_themes(TENANT) == len(mirror) > 0
        assert audit_themes(ours, mirror, asked, TENANT).disagreements == 0
        for vector in item_vectors(directory)[::20]:
            assert ours.similar_items(TENANT, vector, limit=5) == theirs.similar_items(
                TENANT, vector, limit=5
            )
    finally:
        ours.close()
        theirs.close()


def _committed(directory: Path) -> int:
    return bytes_below(directory / "recovery")


@pytest.mark.timeout(300)
def test_three_kills_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    undisturbed = Undisturbed(tmp_path, FIRST)
    directory = copy_of(undisturbed.loaded, tmp_path / "killed")
    survived = kill_often(directory, 3, seed=1)
    assert survived.killed >= 2
    assert_as_if_undisturbed(directory, undisturbed.directory)
    assert_same_index(directory, undisturbed.directory)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [7])
def test_many_kills_lose_nothing_and_count_nothing_twice(tmp_path: Path, seed: int) -> None:
    undisturbed = Undisturbed(tmp_path, slice(None))
    directory = copy_of(undisturbed.loaded, tmp_path / "killed")
    survived = kill_often(directory, KILLS, seed)
    assert survived.killed >= KILLS // 2, f"seed {seed}: most runs ended before they were killed"
    assert_as_if_undisturbed(directory, undisturbed.directory)
    assert_same_index(directory, undisturbed.directory)
