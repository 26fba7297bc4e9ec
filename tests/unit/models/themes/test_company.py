"""Whom a concern would be with: rosters say who is in a theme, the nearest of its latest members are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.themes.assigning import runners_up
from models.themes.centroids import Origin
from models.themes.changes import Merged, Point
from models.themes.company import ASKED, LATEST, company_of
from models.themes.engine import ThemeEngine
from models.themes.grid import ONE, to_grid
from models.themes.policy import ThemePolicy
from models.themes.state import EngineState

POLICY = ThemePolicy(warm_up=40, pass_every=50, window=150, sample=80, components=16, z=2.0)
ALIKE = replace(POLICY, merge_at=-1.0, merge_margin=-2.0, merge_rounds=1, merge_gap_milli=10**9)


@pytest.fixture(scope="module")
def engine() -> ThemeEngine:
    """Twelve topics, 600 concerns, some retracted; for a while any two themes look like one."""
    rng, made, merged = np.random.default_rng(2), ThemeEngine("acme", POLICY), 0
    centres = rng.normal(size=(12, 384))
    for n in range(600):
        made._state.policy = ALIKE if 300 <= n < 350 else POLICY
        raw = centres[n % 12] + 1.2 * rng.normal(size=384)
        changes = made.add(Point(f"c{n}", to_grid(raw / np.linalg.norm(raw)), "en", n * 60))
        merged += sum(isinstance(change, Merged) for change in changes)
        if n % 7 == 6:
            made.remove(f"c{n - 3}")
    assert merged
    return made


def members(state: EngineState, root: int) -> list[int]:
    """The held members of a root by arrival, found by looking at everything."""
    slots = state.shelf.slots()
    origins = state.shelf.origin[slots].tolist()
    return [
        slot
        for slot, origin in zip(slots.tolist(), origins, strict=True)
        if origin >= 0 and state.themes.root(origin).ordinal == root
    ]


def test_a_roster_holds_whom_a_search_finds_through_moves_merges_and_retractions(engine: ThemeEngine) -> None:
    state = engine._state
    roots = [origin.ordinal for origin in state.themes.origins if origin.parent is None]
    assert len(roots) >= 5
    for root in roots:
        assert state.rosters.latest(root, 1_000).tolist() == members(state, root)


def test_a_restored_engine_has_the_same_rosters(engine: ThemeEngine) -> None:
    other = ThemeEngine("acme", POLICY)
    for table, key, value in engine.state_changes():
        other.load(table, key, value)
    other.restore_small(engine.small_state())
    other.rebuild()
    for root in range(len(engine._state.themes.origins)):
        told = [
            [one._state.shelf.ids[slot] for slot in one._state.rosters.latest(root, LATEST)]
            for one in (engine, other)
        ]
        assert told[0] == told[1]


def by_hand(state: EngineState, slot: int, roots: Sequence[Origin]) -> tuple[int, int]:
    """Likeness and share from sorted lists."""
    near = [
        (int(state.shelf.units[other] @ state.shelf.units[slot]), root is roots[0])
        for root in roots
        for other in state.rosters.latest(root.ordinal, LATEST).tolist()
        if other != slot
    ]
    ours = sorted(similar for similar, own in near if own)
    near.sort(key=lambda one: -one[0])
    shares = [1000 * sum(own for _, own in near[:asked]) // asked for asked in ASKED]
    return 1000 * ours[(len(ours) - 1) // 2] // ONE, sum(shares) // len(shares)


def test_likeness_is_to_the_median_member_and_company_the_share_of_the_nearest(engine: ThemeEngine) -> None:
    state = engine._state
    roots = sorted((o for o in state.themes.origins if o.parent is None), key=lambda o: -o.count)[:3]
    for slot in state.rosters.latest(roots[0].ordinal, 5).tolist():
        for mine in (roots, roots[::-1]):
            assert company_of(state, slot, mine[0], mine[1:]) == by_hand(state, slot, mine)


def test_the_themes_that_come_next_are_the_nearest_others_and_of_equals_the_lowest() -> None:
    similar = np.array([5, 9, 7, 9, 1], np.float32)
    assert runners_up(similar, 3, 3) == (1, 2, 0)
    assert runners_up(similar[:1], 0) == ()


def test_without_anybody_held_there_is_no_company(engine: ThemeEngine) -> None:
    state = engine._state
    gone = next(origin for origin in state.themes.origins if origin.parent is not None)
    assert company_of(state, 0, gone, [gone]) is None
