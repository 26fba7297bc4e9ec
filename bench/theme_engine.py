"""The theme engine alone, at 1,000 to 100,000 themes of one tenant: speed, waits during a pass, state and memory.

Synthetic topics on the unit sphere, one concern a minute. The themes are loaded as rows of saved state, as after a
restart, because half a million concerns would have to come to make them; the window then fills before anything is
timed. Beside each figure stands what one plain NumPy product of the concern with all centroids costs in the same run:
no exact search of one concern at a time can do with less.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.themes.centroids import Origin, theme_id_of
from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import GRID, Grid, pack, to_grid

DIMS = 384
SPREAD = 1.1
MEMBERS = 8
BUSIEST = 20_000
"""Topics that concerns come from, at most; the other themes are only there to be compared with."""
WARM = 6_000
BATCH = 64
WANTED_PER_S = {1_000: 3_000, 5_000: None, 100_000: 500}
WANTED_WAIT_MS = 50.0


def loaded(topics: Grid) -> ThemeEngine:
    """An engine that knows a theme for each of ``topics`` ``(k, 384)`` and has seen nothing else."""
    engine = ThemeEngine("bench")
    for n, topic in enumerate(topics):
        theme = theme_id_of("bench", f"founder-{n}")
        origin = Origin(theme, n, "en", MEMBERS * topic.astype(np.int64), MEMBERS, 0, 0)
        engine.load("themes", theme, origin.encode())
        engine.load("sums", theme, pack(origin.sum))
    engine.restore_small({**engine.small_state(), "checked_at": 1})
    engine.rebuild()
    return engine


def topics_of(count: int) -> Grid:
    """Unlike directions, ``(count, 384)`` on the grid."""
    rows = np.random.default_rng(7).normal(size=(count, DIMS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return to_grid(rows)


def points(topics: Grid, count: int, first: int = 0) -> Iterator[Point]:
    """Concerns around the topics, a tenth of them around none."""
    rng = np.random.default_rng([8, first])
    busy = min(len(topics), BUSIEST)
    for n in range(first, first + count):
        noise = rng.normal(size=DIMS) / np.sqrt(DIMS)
        vector = noise if rng.random() < 0.1 else topics[int(rng.integers(busy))] / GRID + SPREAD * noise
        yield Point(f"c{n}", to_grid(vector / np.linalg.norm(vector)), "en", n * 60)


def play(engine: ThemeEngine, stream: Sequence[Point]) -> NDArray[np.float64]:
    """Seconds that each concern took ``(n,)``, those that a pass was in progress at marked by ``in_pass``."""
    spent = np.zeros(len(stream))
    for n, point in enumerate(stream):
        began = time.perf_counter()
        if n % BATCH == 0 and engine.looks_ahead:
            engine.expect(stream[n : n + BATCH])
        engine.tick(point.at_s)
        engine.add(point)
        spent[n] = time.perf_counter() - began
    return spent
