"""Laws of the theme engine: replays, restores, retractions and unmerges change nothing they should not."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.steering import ThemeRef, UnmergeTheme
from models.themes.changes import (
    Assigned,
    Born,
    CentroidsChanged,
    Change,
    Merged,
    Moved,
    Point,
    Reran,
    Retracted,
    Unthemed,
    Waiting,
)
from models.themes.columns import Columns
from models.themes.constraints import By
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy

POLICY = ThemePolicy(
    move_margin=0.0,
    warm_up=40,
    pass_every=50,
    window=150,
    sample=80,
    pool=40,
    components=16,
    z=2.0,
    merge_at=0.7,
    pool_after_s=6_000,
    retire_after_s=5_000,
    quantum_us=400,
    burst_us=2_000,
    pace_us=400,
)
SPLITTING = replace(POLICY, gather=6, split_alike=0.95, merge_gap_milli=2_500)
"""Three to six of the themes of a ``stream`` are split."""
RERUNNING = replace(
    POLICY, judged=40, fall_milli=-1_000, rerun_shares=(0.9, 0.7), rerun_gain_milli=1, gather=0
)
"""Every pass is run again."""
QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def stream(
    seed: int, count: int = 400, spread: float = 1.5, groups: tuple[str, ...] = ("en", "de")
) -> list[Point]:
    """Concerns around twelve topics, close in threes, some of which pause; a tenth is noise, one topic is German."""
    rng = np.random.default_rng(seed)
    families = rng.normal(size=(4, 384)) + 0.5
    centres = np.repeat(families, 3, axis=0) + 0.6 * rng.normal(size=(12, 384))
    points = []
    for i in range(count):
        topic = (
            int(rng.integers(12)) if count // 4 < i < count // 2 or i > 0.85 * count else int(rng.integers(8))
        )
        noise = 9.0 if rng.random() < 0.1 else spread
        vector = centres[topic] + noise * rng.normal(size=384)
        points.append(
            Point(f"c{seed}-{i}", to_grid(vector / np.linalg.norm(vector)), groups[topic == 0], i * 60)
        )
    return points


def play(engine: ThemeEngine, points: list[Point]) -> list[Change]:
    """Every point with a tick before it; each seventh concern is retracted 30 later."""
    return play_on(engine, points, 0, len(points))


def play_on(engine: ThemeEngine, points: list[Point], first: int, end: int) -> list[Change]:
    """A piece of ``play``."""
    said: list[Change] = []
    for i, point in enumerate(points[first:end], first):
        said += engine.tick(point.at_s)
        said += engine.add(point)
        if i % 7 == 0 and i >= 30:
            said += engine.remove(points[i - 30].concern_id)
    return said


class Log:
    """A compacted state log, through JSON."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}

    def drain(self, engine: ThemeEngine) -> None:
        for table, key, value in engine.state_changes():
            self.rows[table, key] = json.dumps(value)

    def restored(self, engine: ThemeEngine, policy: ThemePolicy = POLICY) -> ThemeEngine:
        fresh = ThemeEngine("acme", policy)
        for (table, key), value in self.rows.items():
            fresh.load(table, key, json.loads(value))
        fresh.restore_small(json.loads(json.dumps(engine.small_state())))
        fresh.rebuild()
        return fresh


def everything(engine: ThemeEngine) -> dict[tuple[str, str], Any]:
    """All rows of an engine, as if it had never been drained."""
    log = Log()
    log.drain(engine)
    return {**log.rows, **{("small", key): value for key, value in engine.small_state().items()}}


@pytest.mark.parametrize("policy", [POLICY, SPLITTING, RERUNNING], ids=["plain", "splitting", "rerunning"])
@QUICK
@given(st.integers(0, 50), st.lists(st.integers(1, 399), max_size=4))
def test_an_engine_restored_at_any_point_goes_on_bit_by_bit_alike(
    policy: ThemePolicy, seed: int, cuts: list[int]
) -> None:
    points = stream(seed)
    undisturbed = ThemeEngine("acme", policy)
    expected = play(undisturbed, points)
    engine, log, said = ThemeEngine("acme", policy), Log(), list[Change]()
    for first, end in pairwise(sorted({0, len(points), *cuts})):
        log.drain(engine)
        engine = log.restored(engine, policy)
        said += play_on(engine, points, first, end)
    log.drain(engine)
    assert said == expected
    assert alive(log.rows) == alive(everything(undisturbed))


def test_an_engine_restored_at_every_record_of_a_pass_goes_on_alike() -> None:
    policy = replace(RERUNNING, quantum_us=100)  # so that there is something left for every phase
    points, undisturbed = stream(3, count=260), ThemeEngine("acme", policy)
    expected = [play_on(undisturbed, points, i, i + 1) for i in range(len(points))]
    assert any(isinstance(one, Reran) and one.share for said in expected for one in said)
    engine, log, phases = ThemeEngine("acme", policy), Log(), set[str]()
    for i in range(len(points)):
        assert play_on(engine, points, i, i + 1) == expected[i]
        job = engine.small_state()["job"]
        if job:
            phases.add(job[0])
            log.drain(engine)
            engine = log.restored(engine, policy)
    log.drain(engine)
    assert {"fit", "project", "births", "splits", "merges", "late_joins", "moves", "judge"} <= phases
    assert alive(log.rows) == alive(everything(undisturbed))


def alive(rows: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """What the rows say in the end; where the members' segments were cut does not matter."""
    members = Columns(("<i4",))
    for table, key in sorted(rows):
        if table == "members":
            members.load(key, json.loads(rows[table, key]))
    names, (ordinals,) = members.arrays()
    of = {("members", str(name)): int(at) for name, at in zip(names, ordinals, strict=True)}
    apart = ("small", "members")
    return of | {key: row for key, row in rows.items() if row != "null" and key[0] not in apart}


@QUICK
@given(st.integers(0, 50))
def test_two_runs_say_and_store_the_same(seed: int) -> None:
    one, two = ThemeEngine("acme", POLICY), ThemeEngine("acme", POLICY)
    assert play(one, stream(seed)) == play(two, stream(seed))
    assert everything(one) == everything(two)


@QUICK
@given(st.integers(0, 50), st.integers(1, 90))
def test_looking_ahead_changes_nothing(seed: int, batch: int) -> None:
    points, plain = stream(seed), ThemeEngine("acme", POLICY)
    expected = play(plain, points)
    engine, said = ThemeEngine("acme", POLICY), list[Change]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.themes.ahead.FEW_THEMES", 1)
        for at in range(0, len(points), batch):
            engine.expect(points[at : at + batch])
            said += play_on(engine, points, at, at + batch)
    assert said == expected
    assert everything(engine) == everything(plain)


@QUICK
@given(st.integers(0, 50))
def test_the_names_of_groups_do_not_matter(seed: int) -> None:
    swapped = {"en": "z", "de": "a"}
    plain = play(ThemeEngine("acme", POLICY), stream(seed))
    other = play(ThemeEngine("acme", POLICY), [replace(p, group=swapped[p.group]) for p in stream(seed)])
    theme_of = [
        {c.concern_id: c.theme_id for c in said if isinstance(c, Assigned)} for said in (plain, other)
    ]
    assert theme_of[0] == theme_of[1]


@QUICK
@given(st.integers(0, 50))
def test_every_concern_has_exactly_one_outcome_and_sizes_agree_with_it(seed: int) -> None:
    engine = ThemeEngine("acme", POLICY)
    outcome: dict[str, str] = {}
    for change in play(engine, stream(seed)):
        if isinstance(change, Assigned):
            outcome[change.concern_id] = change.theme_id
        elif isinstance(change, Moved):
            assert engine.resolve(outcome[change.concern_id]) == engine.resolve(change.from_theme)
            outcome[change.concern_id] = change.to_theme
        elif isinstance(change, Waiting | Unthemed):
            outcome[change.concern_id] = ""
        elif isinstance(change, Retracted):
            del outcome[change.concern_id]
    counted: dict[str, int] = {}
    for concern, theme in outcome.items():
        assert engine.theme_of(concern) == (engine.resolve(theme) if theme else None)
        if theme:
            counted[engine.resolve(theme)] = counted.get(engine.resolve(theme), 0) + 1
    assert {theme: size for theme, size in engine.sizes().items() if size} == counted


@QUICK
@given(st.integers(0, 50))
def test_a_concern_that_came_and_went_leaves_every_centroid_as_it_was(seed: int) -> None:
    points = stream(seed, count=360)
    engine = ThemeEngine("acme", POLICY)
    play(engine, points[:-1])
    before = centroids(engine)
    joined = engine.add(points[-1])
    # A birth is not undone with its last member.
    assume(not any(isinstance(change, Born) for change in joined))
    assert not any(isinstance(change, CentroidsChanged) and len(change.theme_ids) > 1 for change in joined)
    engine.remove(points[-1].concern_id)
    assert centroids(engine) == before


def centroids(engine: ThemeEngine) -> dict[str, list[float]]:
    found = {theme: engine.centroid(theme) for theme in engine.sizes()}
    return {theme: centroid.tolist() for theme, centroid in found.items() if centroid is not None}


def test_a_small_group_forms_a_theme_of_its_own() -> None:
    said = play(ThemeEngine("acme", replace(POLICY, pool=80)), stream(4, spread=1.0))
    assert {change.group for change in said if isinstance(change, Born)} == {"en", "de"}


def twins(count: int = 240) -> list[Point]:
    """Two topics that are close enough to merge under a lax policy."""
    rng = np.random.default_rng(5)
    base = rng.normal(size=384)
    centres = [base + 0.35 * rng.normal(size=384) for _ in range(2)]
    centres += [rng.normal(size=384) for _ in range(6)]
    points = []
    for i in range(count):
        vector = centres[i % 8] + 0.5 * rng.normal(size=384)
        points.append(Point(f"t{i}", to_grid(vector / np.linalg.norm(vector)), "en", i * 60))
    return points


@pytest.fixture
def merged() -> tuple[ThemeEngine, Merged, list[Change]]:
    """An engine that has merged two themes, the merge, and what it said."""
    policy = replace(POLICY, z=9.0, highest=0.90, merge_at=0.5, merge_margin=-0.4)
    engine = ThemeEngine("acme", policy)
    said = play(engine, twins())
    return engine, next(change for change in said if isinstance(change, Merged)), said


def test_after_a_merge_old_ids_are_read_as_the_new_one(
    merged: tuple[ThemeEngine, Merged, list[Change]],
) -> None:
    engine, merge, _ = merged
    assert engine.resolve(merge.from_theme) == engine.resolve(merge.into_theme)
    assert merge.from_theme not in engine.sizes()


def unmerge(engine: ThemeEngine, merge: Merged) -> None:
    gone, rest = ThemeRef(theme_id=merge.from_theme), ThemeRef(theme_id=merge.into_theme)
    order = UnmergeTheme(theme=gone, out_of=rest, reason="two after all")
    engine.steer(order, By("0-1", order.verb, "ann"))


def test_an_unmerge_gives_back_exactly_the_members_of_the_origin(
    merged: tuple[ThemeEngine, Merged, list[Change]],
) -> None:
    engine, merge, _ = merged
    together = engine.sizes()[engine.resolve(merge.into_theme)]
    into = engine.resolve(merge.into_theme)
    unmerge(engine, merge)
    apart = engine.sizes()
    assert apart[merge.from_theme] + apart[into] == together
    assert apart[merge.from_theme] > 0


def test_themes_taken_apart_by_a_person_are_not_merged_again(
    merged: tuple[ThemeEngine, Merged, list[Change]],
) -> None:
    engine, merge, _ = merged
    unmerge(engine, merge)
    again = [replace(point, concern_id=f"again-{point.concern_id}") for point in twins()]
    said = play(engine, again)
    assert not any(
        isinstance(c, Merged) and {c.from_theme, c.into_theme} == {merge.from_theme, merge.into_theme}
        for c in said
    )
