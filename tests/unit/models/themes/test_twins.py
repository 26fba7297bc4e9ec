"""Near-duplicates: found among what is held, of the same theme or waiting, the earliest first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy

POLICY = ThemePolicy(warm_up=40, pass_every=50, window=150, sample=80, components=16, z=2.0)


def point(name: str, vector: np.ndarray, n: int) -> Point:
    return Point(name, to_grid(vector / np.linalg.norm(vector)), "en", n * 60)


@pytest.fixture
def engine() -> tuple[ThemeEngine, list[Point]]:
    """Six topics, 300 concerns."""
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(6, 384))
    points = [point(f"c{i}", centres[i % 6] + 1.2 * rng.normal(size=384), i) for i in range(300)]
    made = ThemeEngine("acme", POLICY)
    for one in points:
        made.add(one)
    return made, points


def themes_of(engine: ThemeEngine, concern: str) -> list[str]:
    theme = engine.theme_of(concern)
    return [] if theme is None else [theme]


def test_a_copy_is_linked_to_its_original_and_a_neighbour_is_not(
    engine: tuple[ThemeEngine, list[Point]],
) -> None:
    themes, points = engine
    original = next(p for p in reversed(points) if themes_of(themes, p.concern_id))
    themes.add(replace(original, concern_id="copy", at_s=20_000))
    among = themes_of(themes, "copy")
    assert themes.twins("copy", among, waiting=False) == [original.concern_id]
    assert themes.twins(original.concern_id, among, waiting=False) == []


def test_of_several_copies_the_earliest_comes_first(engine: tuple[ThemeEngine, list[Point]]) -> None:
    themes, points = engine
    original = next(p for p in reversed(points) if themes_of(themes, p.concern_id))
    for n in range(3):
        themes.add(replace(original, concern_id=f"copy{n}", at_s=20_000 + n))
    among = themes_of(themes, "copy2")
    assert themes.twins("copy2", among, waiting=False) == [original.concern_id, "copy0", "copy1"]


def test_what_waits_is_linked_to_what_waits(engine: tuple[ThemeEngine, list[Point]]) -> None:
    themes, _ = engine
    odd = np.random.default_rng(9).normal(size=384)
    themes.add(point("odd", odd, 400))
    themes.add(point("odd again", odd, 401))
    assert themes.waits("odd")
    assert themes.twins("odd again", [], waiting=True) == ["odd"]
    assert themes.twins("odd again", [], waiting=False) == []


def test_what_was_taken_back_is_nobodys_original(engine: tuple[ThemeEngine, list[Point]]) -> None:
    themes, points = engine
    original = next(p for p in reversed(points) if themes_of(themes, p.concern_id))
    themes.remove(original.concern_id)
    themes.add(replace(original, concern_id="copy", at_s=20_000))
    assert themes.twins("copy", themes_of(themes, "copy"), waiting=True) == []
    assert themes.twins(original.concern_id, [], waiting=True) == []
