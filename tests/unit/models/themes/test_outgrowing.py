"""A new topic near an old one founds a theme of its own, and what is merely more of the same does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from models.themes.changes import Assigned, Born, Change, Moved, Point
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy

POLICY = ThemePolicy(warm_up=200, components=32, outgrow_least=75, outgrow_part=24)
OLD_ITEMS = 900
TOPICS = 30


def point(name: str, centre: np.ndarray, number: int) -> Point:
    """A concern near ``centre``; every name has its own noise."""
    noise = np.random.default_rng([number, sum(map(ord, name))]).normal(size=384)
    vector = centre / np.linalg.norm(centre) + 0.9 * noise / np.linalg.norm(noise)
    return Point(f"{name}-{number}", to_grid(vector / np.linalg.norm(vector)), "en", 60 * number)


def centre(topic: int) -> np.ndarray:
    return np.random.default_rng(topic).normal(size=384)


def beside(topic: int) -> np.ndarray:
    """A centre so near to a topic's that its concerns join the topic's theme, and somewhat towards others."""
    return 0.8 * centre(topic) + 0.35 * (centre(topic + 1) + centre(topic + 2) + centre(topic + 3))


@pytest.fixture(scope="module")
def stream() -> list[Point]:
    """Thirty topics, then one that lies near the first of them between concerns of all."""
    old = [point("old", centre(i % TOPICS), i) for i in range(OLD_ITEMS)]
    late = [
        point("new", beside(0), i) if i % 4 == 0 else point("old", centre(i % TOPICS), i)
        for i in range(OLD_ITEMS, OLD_ITEMS + 60)
    ]
    return [*old, *late]


def heard(points: list[Point], policy: ThemePolicy = POLICY) -> list[Change]:
    engine = ThemeEngine("acme", policy)
    return [change for one in points for change in engine.add(one)]


def births_of_new(changes: list[Change]) -> list[Born]:
    return [one for one in changes if isinstance(one, Born) and all(m.startswith("new") for m in one.members)]


def test_a_new_topic_that_joins_an_old_theme_grows_out_of_it(stream: list[Point]) -> None:
    told = heard(stream)
    (born, *_) = births_of_new(told)
    assert len(born.members) == 4
    at = told.index(born)
    places = told[at + 1 : at + 5]
    assert [one.concern_id for one in places if isinstance(one, Moved | Assigned)] == list(born.members)
    assert any(isinstance(one, Moved) and one.to_theme == born.theme_id for one in places)
    assert isinstance(places[-1], Assigned)
    assert places[-1].arrival


def test_without_growing_out_the_topic_stays_in_the_old_theme(stream: list[Point]) -> None:
    assert births_of_new(heard(stream, replace(POLICY, outgrow_part=0))) == []


def test_more_of_the_same_founds_nothing() -> None:
    told = heard([point("old", centre(i % TOPICS), i) for i in range(OLD_ITEMS + 60)])
    assert sum(isinstance(one, Born) for one in told) == TOPICS


def test_who_grew_out_is_told_in_the_order_of_the_stream(stream: list[Point]) -> None:
    engine = ThemeEngine("acme", POLICY)
    for one in stream:
        changes = engine.add(one)
        if births_of_new(changes):
            kinds = [type(change).__name__ for change in changes]
            assert kinds[0] == "Born"
            assert kinds[-1] == "CentroidsChanged"
            assert all(a != "Waiting" for a, _ in pairwise(kinds))
            return
    pytest.fail("nothing grew out")
