"""The theme engine, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.errors import StateCorrupt
from models.themes.changes import (
    Assigned,
    Born,
    CentroidsChanged,
    Change,
    Point,
    Retired,
    Retracted,
    Returned,
    Unthemed,
    Waiting,
)
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy

WHOLE_US = 10**9  # of work before one record: a pass is whole at once
POLICY = ThemePolicy(
    warm_up=60, pass_every=60, pool=80, components=16, quantum_us=WHOLE_US, burst_us=WHOLE_US
)
DAY_S = 86_400


def topic_point(topic: int, number: int, at_s: int = 0, group: str = "en") -> Point:
    """A concern close to one of six fixed topics."""
    centre = np.random.default_rng(topic).normal(size=384)
    vector = centre + 0.4 * np.random.default_rng([topic, number]).normal(size=384)
    return Point(f"{topic}-{number}", to_grid(vector / np.linalg.norm(vector)), group, at_s)


def noise_point(number: int, at_s: int = 0) -> Point:
    vector = np.random.default_rng([99, number]).normal(size=384)
    return Point(f"noise-{number}", to_grid(vector / np.linalg.norm(vector)), "en", at_s)


def warm(policy: ThemePolicy = POLICY) -> tuple[ThemeEngine, list[Change]]:
    """An engine after its first pass over six topics."""
    engine = ThemeEngine("acme", policy)
    said = [change for i in range(60) for change in engine.add(topic_point(i % 6, i))]
    return engine, said


def test_everything_waits_until_the_warm_up_is_over() -> None:
    _, said = warm()
    assert all(isinstance(change, Waiting) for change in said[:59])
    assert sum(isinstance(change, Born) for change in said) == 6


def test_a_theme_is_named_after_tenant_and_founder_only() -> None:
    _, one = warm()
    _, two = warm(replace(POLICY, pass_every=30))
    ids = [[c.theme_id for c in said if isinstance(c, Born)] for said in (one, two)]
    assert ids[0] == ids[1]


def test_a_concern_like_a_theme_joins_it_on_arrival_with_its_runner_up() -> None:
    engine, _ = warm()
    (assigned, changed) = engine.add(topic_point(2, 1000))
    assert isinstance(assigned, Assigned)
    assert assigned.arrival
    assert assigned.runner_up_similarity is not None
    assert assigned.runner_up_similarity < assigned.similarity
    assert changed == CentroidsChanged((assigned.theme_id,))


def test_a_concern_like_none_waits_and_names_the_nearest() -> None:
    engine, _ = warm()
    (waiting,) = engine.add(noise_point(1))
    assert isinstance(waiting, Waiting)
    assert waiting.nearest in engine.sizes()


def test_a_concern_of_another_group_never_joins() -> None:
    engine, _ = warm()
    assert engine.add(topic_point(2, 1000, group="de")) == [Waiting("2-1000", None, None)]


def test_a_full_pool_gives_up_on_the_one_that_waited_longest() -> None:
    engine, _ = warm(replace(POLICY, gather=0))
    said = [change for i in range(120) for change in engine.add(noise_point(i))]
    first = next(change.concern_id for change in said if isinstance(change, Waiting))
    assert next(change for change in said if isinstance(change, Unthemed)) == Unthemed(first)


def test_what_waits_too_long_is_given_up_at_a_tick() -> None:
    engine, _ = warm()
    engine.add(noise_point(1, at_s=DAY_S))
    assert Unthemed("noise-1") not in engine.tick(31 * DAY_S - 1)
    assert Unthemed("noise-1") in engine.tick(31 * DAY_S)


def test_what_was_given_up_joins_a_theme_that_is_born_later() -> None:
    engine, _ = warm()
    engine.add(topic_point(7, 0, at_s=0))
    assert Unthemed("7-0") in engine.tick(30 * DAY_S)
    said = [change for i in range(1, 70) for change in engine.add(topic_point(7, i, at_s=31 * DAY_S))]
    joined = next(c for c in said if isinstance(c, Assigned) and c.concern_id == "7-0")
    assert not joined.arrival
    assert engine.theme_of("7-0") == engine.theme_of("7-1")


def test_a_burst_that_is_born_in_parts_is_one_theme_after_the_pass() -> None:
    rng = np.random.default_rng(3)
    centre = rng.normal(size=384)
    parts = [centre + 0.35 * rng.normal(size=384) for _ in range(3)]
    tight = replace(
        POLICY, warm_up=120, highest=0.85, z=9.0, merge_at=0.4, merge_margin=-0.4, merge_gap_milli=99_000
    )
    engine = ThemeEngine("acme", tight)
    said: list[Change] = []
    for i in range(120):
        vector = parts[i % 3] + 0.3 * rng.normal(size=384)
        burst = Point(f"b{i}", to_grid(vector / np.linalg.norm(vector)), "en", 0)
        said += engine.add(burst if i % 5 >= 3 else topic_point(i % 6, i))
    born = [c.theme_id for c in said if isinstance(c, Born) and c.members[0].startswith("b")]
    assert len(born) == 3
    assert len({engine.resolve(theme) for theme in born}) == 1


def test_an_idle_theme_retires_once_and_returns_when_something_joins() -> None:
    engine, _ = warm()
    retired = engine.tick(30 * DAY_S)
    assert sum(isinstance(change, Retired) for change in retired) == 6
    assert engine.tick(31 * DAY_S) == []
    back = engine.add(topic_point(1, 500, at_s=31 * DAY_S))
    assert isinstance(back[0], Returned)


def test_a_retracted_concern_names_the_theme_it_leaves() -> None:
    engine, _ = warm()
    joined = engine.add(topic_point(2, 1000))[0]
    assert isinstance(joined, Assigned)
    assert engine.remove("2-1000")[0] == Retracted("2-1000", joined.theme_id)
    assert engine.remove("2-1000") == []


def test_a_known_concern_that_comes_again_is_retracted_first() -> None:
    engine, _ = warm()
    engine.add(topic_point(2, 1000))
    said = engine.add(topic_point(2, 1000))
    assert [type(change) for change in said if not isinstance(change, CentroidsChanged)] == [
        Retracted,
        Assigned,
    ]


def test_a_theme_without_members_retires() -> None:
    engine, said = warm()
    born = next(change for change in said if isinstance(change, Born))
    gone = [change for concern in born.members for change in engine.remove(concern)]
    assert Retired(born.theme_id) in gone


def test_an_old_concern_is_taken_back_exactly_when_its_vector_is_given() -> None:
    policy = replace(POLICY, window=60, sample=30)
    with_it, _ = warm(policy)
    without, _ = warm(policy)
    extra = topic_point(2, 7_000)
    with_it.add(extra)
    for engine in (with_it, without):
        for i in range(200):
            engine.add(topic_point(i % 6, 2_000 + i))
    theme = with_it.theme_of(extra.concern_id)
    assert theme is not None
    before = with_it.sizes()[theme]
    with_it.remove(extra.concern_id, extra.vector)
    assert with_it.sizes()[theme] == before - 1 == without.sizes()[theme]


def test_memory_follows_the_policy_and_not_the_stream() -> None:
    engine = ThemeEngine("acme", replace(POLICY, window=100, sample=50))
    rows: dict[str, object] = {}
    for i in range(900):
        engine.add(topic_point(i % 6, i))
        rows |= {key: value for table, key, value in engine.state_changes() if table == "vectors"}
    held = sum(value is not None for value in rows.values())
    assert held <= 100 + 50 + 60


def test_nearest_lists_themes_of_the_group_by_similarity() -> None:
    engine, _ = warm()
    found = engine.nearest(topic_point(3, 77).vector, "en", 3)
    assert [similarity for _, similarity in found] == sorted((s for _, s in found), reverse=True)
    assert engine.nearest(topic_point(3, 77).vector, "de", 3) == []


def test_an_unknown_table_in_the_log_is_refused() -> None:
    with pytest.raises(StateCorrupt):
        ThemeEngine("acme", POLICY).load("nonsense", "a", 1)
