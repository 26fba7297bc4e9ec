"""The theme engine alone, at 1,000 to 100,000 themes of one tenant: speed, waits during a pass, state and memory.

Synthetic topics on the unit sphere, one concern a minute. The themes are loaded as rows of saved state, as after a
restart, because half a million concerns would have to come to make them; the window then fills before anything is
timed. Beside each figure stands what one plain NumPy product of the concern with all centroids costs in the same run:
no exact search of one concern at a time can do with less. As in a process that runs stages, products take one thread.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.themes.centroids import Origin, theme_id_of
from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import GRID, Grid, to_grid
from models.themes.octets import pack_bits
from wiring.engine import tune_process

DIMS = 384
SPREAD = 1.1
MEMBERS = 8
BUSIEST = 20_000
"""Topics that concerns come from, at most; the other themes are only there to be compared with."""
BATCH = 64
QUIET_MATCH = 200  # products timed, for the time of one
SIZES = {1_000: (6_000, 4_000), 5_000: (6_000, 2_500), 100_000: (4_000, 3_000)}
"""Themes: concerns before the timed ones (the window fills), and timed ones."""
WANTED_PER_S = {1_000: 3_000, 100_000: 500}
WANTED_P99_MS = {5_000: 50.0}
MEDIAN_TENANT = 500
"""Concerns of a tenant of median volume."""


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Speed and waits by number of themes; room of a theme and of a small tenant."""
    tune_process()
    sizes = {1_000: (600, 400)} if quick else SIZES
    return {"sizes": [_measured(themes, *counts) for themes, counts in sizes.items()], "room": _room()}


def _measured(themes: int, before: int, count: int) -> dict[str, Any]:
    topics = topics_of(themes)
    engine = loaded(topics)
    play(engine, list(points(topics, before)))
    spent, in_pass = play(engine, list(points(topics, count, before)))
    waits = 1e3 * (spent[in_pass] if in_pass.any() else spent)
    product_ms = _product_ms(themes)
    return {
        "themes": themes,
        "items_per_s": round(count / float(spent.sum()), 1),
        "in_pass": round(float(in_pass.mean()), 3),
        "p50_ms": round(float(np.median(waits)), 2),
        "p99_ms": round(float(np.percentile(waits, 99)), 2),
        "max_ms": round(float(waits.max()), 2),
        "product_ms": round(product_ms, 4),
        "of_product": round(1e3 * float(spent.mean()) / product_ms, 1),
    }


def _product_ms(themes: int) -> float:
    """One concern with all centroids, by NumPy."""
    rows = np.random.default_rng(1).normal(size=(themes, 64)).astype(np.float32)
    began = time.perf_counter()
    for place in range(QUIET_MATCH):
        rows @ rows[place]
    return 1e3 * (time.perf_counter() - began) / QUIET_MATCH


def _room() -> dict[str, Any]:
    """Bytes of state that a tenant of median volume writes, and KiB of memory that it takes then, beside others."""
    topics = topics_of(30)
    stream = list(points(topics, MEDIAN_TENANT))
    engines = [ThemeEngine("bench") for _ in range(21)]
    play(engines[0], stream)  # what the process keeps once for all
    tracemalloc.start()
    for engine in engines[1:]:
        play(engine, stream)
        engine.expect(())
        written = [len(json.dumps(row)) for row in engine.state_changes()]
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"state_kib": round(sum(written) / 1024), "memory_kib": round(held / 1024 / 20)}


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    lines = [
        "## The theme engine alone",
        "",
        "| themes | items/s | wanted | in a pass: p50, p99, longest (ms) | wanted | product (ms) | mean ÷ product |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size in result["sizes"]:
        wanted, p99 = WANTED_PER_S.get(size["themes"], ""), WANTED_P99_MS.get(size["themes"], "")
        waits = f"{size['p50_ms']}, {size['p99_ms']}, {size['max_ms']}"
        cells = (
            size["themes"],
            size["items_per_s"],
            wanted,
            waits,
            p99,
            size["product_ms"],
            size["of_product"],
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    room = result["room"]
    lines += [
        "",
        f"A tenant of {MEDIAN_TENANT} concerns: {room['state_kib']} KiB of state, {room['memory_kib']} KiB of memory.",
        "",
    ]
    return "\n".join(lines)


def loaded(topics: Grid) -> ThemeEngine:
    """An engine that knows a theme for each of ``topics`` ``(k, 384)`` and has seen nothing else."""
    engine = ThemeEngine("bench")
    for n, topic in enumerate(topics):
        theme = theme_id_of("bench", f"founder-{n}")
        origin = Origin(theme, n, "en", MEMBERS * topic.astype(np.int64), MEMBERS, 0, 0)
        engine.load("themes", theme, origin.encode())
        engine.load("sums", theme, pack_bits(origin.sum))
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


def play(engine: ThemeEngine, stream: Sequence[Point]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Seconds that each concern took ``(n,)``, with its tick; and whether a pass was in progress before or after it."""
    spent, in_pass = np.zeros(len(stream)), np.zeros(len(stream), np.bool_)
    for n, point in enumerate(stream):
        in_pass[n] = engine.in_pass
        began = time.perf_counter()
        if n % BATCH == 0:
            engine.expect(stream[n : n + BATCH])
        engine.tick(point.at_s)
        engine.add(point)
        spent[n] = time.perf_counter() - began
        in_pass[n] |= engine.in_pass
    return spent, in_pass
