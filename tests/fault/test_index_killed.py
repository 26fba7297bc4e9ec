"""Kill -9 a process that writes vectors: what it was told is written is there, and the index opens."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from connectors.qdrant.edge import EdgeIndex
from contracts.vectors import ItemPoint, ThemePoint
from operators.themes.audit import audit_themes

DIMS = 32
BATCH = 20
ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from connectors.qdrant.edge import EdgeIndex
from tests.fault.test_index_killed import DIMS, BATCH, item, theme
index = EdgeIndex(Path(sys.argv[1]), encoder_version="kill/1", item_dims=DIMS, theme_dims=DIMS)
n = int(sys.argv[2])
while True:
    index.put_items("acme", [item(i) for i in range(n, n + BATCH)])
    index.put_themes("acme", [theme(n // BATCH)])
    index.settle()
    n += BATCH
    print(n, flush=True)
"""


def _vector(n: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    row = np.random.default_rng(n).normal(size=DIMS)
    return np.asarray(np.rint(row / np.linalg.norm(row) * 2048), np.int16)


def item(n: int) -> ItemPoint:
    return ItemPoint(str(UUID(int=n)), f"item-{n}", _vector(n), {"source": "app", "at_s": n})


def theme(n: int) -> ThemePoint:
    """Twelve themes whose centroids keep moving, as live ones do."""
    return ThemePoint(str(UUID(int=n % 12)), "en", _vector(n))


def opened(directory: Path) -> EdgeIndex:
    return EdgeIndex(directory, encoder_version="kill/1", item_dims=DIMS, theme_dims=DIMS)


def killed_writer(directory: Path, start: int, alive_s: float) -> int:
    """Let a writer live for a while after its first word; the number of items it said are written."""
    argv = [sys.executable, "-c", WRITER, str(directory), str(start)]
    with subprocess.Popen(
        argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline()]
        time.sleep(alive_s)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return max(int(line) for line in said if line.endswith(b"\n"))


def found_whole(index: EdgeIndex, acknowledged: int) -> bool:
    """Whether a sample of what was acknowledged is found by its own vector, with its payload."""
    sample = range(0, acknowledged, max(1, acknowledged // 50))
    answers = [index.similar_items("acme", item(n).vector, limit=1)[0] for n in sample]
    return [(a.item_id, a.similarity, a.payload["at_s"]) for a in answers] == [
        (f"item-{n}", 1.0, n) for n in sample
    ]


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_every_acknowledged_point_is_there_after_kill_9(tmp_path: Path, rounds: int) -> None:
    rng = random.Random(rounds)
    acknowledged = 0
    for _ in range(rounds):
        acknowledged = killed_writer(tmp_path, acknowledged, rng.uniform(0.0, 0.4))
        index = opened(tmp_path)
        # At most the one batch that was on its way may be there beyond what was acknowledged.
        assert acknowledged <= index.count_items("acme") <= acknowledged + BATCH
        assert found_whole(index, acknowledged)
        index.close()


def test_after_a_kill_the_mirror_makes_the_themes_right_again(tmp_path: Path) -> None:
    last = killed_writer(tmp_path, 0, 0.2) // BATCH
    mirror = [theme(n) for n in range(last, last + 7)]
    index = opened(tmp_path)
    index.replace_themes("acme", mirror)
    assert audit_themes(index, mirror, [("en", _vector(n)) for n in range(40)], "acme").disagreements == 0
    assert index.count_themes("acme") == 7
    index.close()
