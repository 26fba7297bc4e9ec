"""What the theme engine costs follows what happened: rows of a snapshot, room of a theme, room of a small tenant."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from models.themes.centroids import Origin, theme_id_of
from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import GRID, Grid, pack, to_grid

FRESH = 20
"""Concerns between two snapshots."""


def topics(count: int) -> Grid:
    rows = np.random.default_rng(7).normal(size=(count, 384))
    return to_grid(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def knowing(themes: Grid) -> ThemeEngine:
    """An engine restored with a theme for each topic."""
    engine = ThemeEngine("acme")
    for n, topic in enumerate(themes):
        name = theme_id_of("acme", f"founder-{n}")
        origin = Origin(name, n, "en", 8 * topic.astype(np.int64), 8, 0, 0)
        engine.load("themes", name, origin.encode())
        engine.load("sums", name, pack(origin.sum))
    engine.restore_small(engine.small_state())
    engine.rebuild()
    return engine


def concerns(themes: Grid, first: int, count: int) -> list[Point]:
    """Concerns close to the first thirty topics."""
    found = []
    for n in range(first, first + count):
        vector = themes[n % 30] / GRID + 0.05 * np.random.default_rng(n).normal(size=384)
        found.append(Point(f"c{n}", to_grid(vector / np.linalg.norm(vector)), "en", n * 60))
    return found


@pytest.fixture(scope="module")
def rows_of() -> Callable[[int], Counter[str]]:
    """Rows by table of a snapshot that is taken a few concerns after another one, with so many themes."""

    def measured(count: int) -> Counter[str]:
        themes = topics(count)
        engine = knowing(themes)
        for point in concerns(themes, 0, 300):
            engine.add(point)
        while engine.small_state()["job"]:
            engine.tick(300 * 60)
        list(engine.state_changes())
        for point in concerns(themes, 300, FRESH):
            engine.add(point)
        return Counter(table for table, _, _ in engine.state_changes())

    return measured


def test_a_snapshot_is_as_large_as_what_changed_whatever_there_is(
    rows_of: Callable[[int], Counter[str]],
) -> None:
    few, many = rows_of(40), rows_of(1_500)
    assert {**few, "space": 0} == {**many, "space": 0}  # levels, one for each group
    assert 0 < many["sums"] <= FRESH
    assert many["vectors"] == FRESH
    assert many.total() < 4 * FRESH


def test_a_snapshot_after_nothing_is_empty() -> None:
    engine = knowing(topics(40))
    for point in concerns(topics(40), 0, 250):
        engine.add(point)
    assert list(engine.state_changes())
    assert list(engine.state_changes()) == []


def test_a_theme_of_thousands_takes_less_than_two_kilobytes_in_the_engine() -> None:
    origin = Origin(
        theme_id_of("acme", "x"), 99_999, "en", 5_000 * topics(1)[0].astype(np.int64), 5_000, 1, 2
    )
    row = json.dumps([origin.theme_id, origin.encode(), pack(origin.sum)])
    assert len(row) < 2_048


def test_a_tenant_of_median_volume_takes_less_than_a_megabyte() -> None:
    themes = topics(40)
    engine = ThemeEngine("acme")
    for point in concerns(themes, 0, 500):
        engine.add(point)
    assert sum(len(json.dumps(row)) for row in engine.state_changes()) < 700_000
