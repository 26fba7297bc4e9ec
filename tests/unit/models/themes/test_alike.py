"""The concerns most like one, and how lately they came: all that is held is asked, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.alike import Alike
from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import Grid, to_grid
from models.themes.policy import ThemePolicy

POLICY = ThemePolicy(warm_up=40, pass_every=50, window=150, sample=80, components=16, z=2.0)


def drawn(count: int) -> Grid:
    """Concerns of six topics in turn."""
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(6, 384))
    raw = np.stack([centres[n % 6] + 1.2 * rng.normal(size=384) for n in range(count)])
    return to_grid(raw / np.linalg.norm(raw, axis=1, keepdims=True))


def played(count: int, group: str = "en") -> ThemeEngine:
    engine = ThemeEngine("acme", POLICY)
    for n, vector in enumerate(drawn(count)):
        engine.add(Point(f"c{n}", vector, group if n % 10 == 9 else "en", n * 60))
    return engine


def asked(engine: ThemeEngine, concern: str, most: int) -> Alike:
    found = engine.alike(concern, most)
    assert found is not None
    return found


def test_the_nearest_are_of_the_same_topic_and_know_when_they_came() -> None:
    found = asked(played(300), "c299", 8)
    assert {int(concern[1:]) % 6 for concern in found.concerns} == {299 % 6}
    assert [int(concern[1:]) + 1 for concern in found.concerns] == list(found.arrivals)


def test_how_many_came_since_is_counted_over_all_that_is_held_but_the_concern_itself() -> None:
    found = asked(played(300), "c299", 8)
    assert found.since(299) == 1
    assert found.since(1) == found.held >= 150


def test_equally_near_ones_are_told_the_earliest_first() -> None:
    engine = played(300)
    for n in range(300, 304):
        engine.add(Point(f"c{n}", drawn(300)[299], "en", n * 60))
    assert list(asked(engine, "c303", 3).concerns) == ["c299", "c300", "c301"]


def test_concerns_of_another_language_are_not_asked() -> None:
    found = asked(played(300, group="fr"), "c298", 20)
    assert not [concern for concern in found.concerns if int(concern[1:]) % 10 == 9]


@pytest.mark.parametrize(("concern", "count"), [("c19", 20), ("c299", 300), ("unknown", 300)])
def test_before_there_is_a_space_or_enough_is_held_there_is_no_answer(concern: str, count: int) -> None:
    assert played(count).alike(concern, 8 if count == 20 else 5000) is None
