"""Themes with two centres are split, themes with one are not, and parts do not merge again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.themes.changes import Born, Change, Merged, Moved, Point, Split
from models.themes.engine import ThemeEngine
from models.themes.grid import Units, on_grid, to_grid
from models.themes.policy import ThemePolicy
from models.themes.splits import Cut, cut_in_two, gap_needed_milli

POLICY = ThemePolicy(warm_up=60, pass_every=60, components=16)
ONE_FOR_ALL = replace(POLICY, z=2.0, lowest=0.2, highest=0.25, gather=0)
"""A threshold so low that close topics begin as one theme."""


def cloud(rng: np.random.Generator, count: int, centre: np.ndarray, shape: str) -> Units:
    """Grid vectors around a centre in 64 dimensions, widest in the first."""
    spread = np.full(64, 0.08)
    spread[0] = 0.2
    draw = rng.normal(size=(count, 64)) if shape == "bell" else rng.uniform(-1.7, 1.7, (count, 64))
    rows = centre + spread * draw
    return on_grid(np.rint(rows / np.linalg.norm(rows, axis=1, keepdims=True) * 2**20))


def cut_of(units: Units, rng: np.random.Generator) -> Cut:
    cut = cut_in_two(units, rng.random(len(units)) < 0.5)
    assert cut is not None
    return cut


def axis(place: int) -> np.ndarray:
    return np.eye(64)[place]


@pytest.mark.parametrize("shape", ["bell", "flat"])
def test_one_cloud_is_taken_for_two_less_than_once_in_a_hundred(shape: str) -> None:
    rng = np.random.default_rng(1)
    gaps = [cut_of(cloud(rng, 60, axis(5), shape), rng).gap_milli for _ in range(300)]
    assert sum(gap >= gap_needed_milli(60) for gap in gaps) <= 3


def test_two_clouds_are_cut_where_they_part() -> None:
    rng = np.random.default_rng(2)
    small, large = (cloud(rng, n, axis(5) + side * axis(6), "bell") for n, side in ((20, -1), (40, 1)))
    cut = cut_of(np.concatenate([small, large]), rng)
    assert cut.smaller.tolist() == [True] * 20 + [False] * 40
    assert cut.gap_milli >= gap_needed_milli(60)


def test_nothing_is_cut_that_is_all_the_same() -> None:
    same = np.repeat(cloud(np.random.default_rng(3), 1, axis(0), "bell"), 30, axis=0)
    assert cut_in_two(same, np.arange(30) % 2 == 0) is None


def two_topics(first: int, count: int) -> list[Point]:
    """Concerns of four topics far apart, and of a fifth close to the fourth."""
    centres = np.random.default_rng(4).normal(size=(4, 384))
    near = 0.72 * centres[3] + 0.7 * np.random.default_rng(5).normal(size=384)
    points = []
    for i in range(first, first + count):
        centre = near if i % 5 == 4 else centres[i % 5]
        vector = centre + 0.4 * np.random.default_rng([6, i]).normal(size=384)
        points.append(Point(f"{i % 5}-{i}", to_grid(vector / np.linalg.norm(vector)), "en", 0))
    return points


@pytest.fixture(scope="module")
def told() -> tuple[ThemeEngine, list[Change]]:
    engine = ThemeEngine("acme", ONE_FOR_ALL)
    return engine, [change for point in two_topics(0, 400) for change in engine.add(point)]


def test_a_theme_of_two_topics_is_split_once_and_stays_so(told: tuple[ThemeEngine, list[Change]]) -> None:
    engine, said = told
    (split,) = [change for change in said if isinstance(change, Split)]
    assert len({concern[0] for concern in split.members}) == 1
    assert split.gap_milli >= split.gap_needed_milli
    assert {engine.theme_of("3-398"), engine.theme_of("4-399")} == {split.theme_id, split.new_theme}
    assert not any(isinstance(change, Merged) for change in said)


def test_the_founders_of_a_part_are_moved_and_the_rest_keep_their_theme(
    told: tuple[ThemeEngine, list[Change]],
) -> None:
    _, said = told
    split = next(change for change in said if isinstance(change, Split))
    moved = [change for change in said if isinstance(change, Moved) and change.why == "split"]
    assert tuple(change.concern_id for change in moved) == split.members
    assert {(change.from_theme, change.to_theme) for change in moved} == {(split.theme_id, split.new_theme)}
    assert split.stayed >= len(split.members)


def test_a_topic_founds_its_theme_without_a_pass() -> None:
    engine = ThemeEngine("acme", replace(POLICY, pass_every=10_000, pass_growth=1.0, crowd=1_000))
    for point in two_topics(0, 200):
        if point.concern_id[0] != "1":
            engine.add(point)
    late = [point for point in two_topics(200, 40) if point.concern_id[0] == "1"]
    said = [[type(change) for change in engine.add(point)] for point in late[: POLICY.gather]]
    assert [Born in one for one in said] == [False] * (POLICY.gather - 1) + [True]
