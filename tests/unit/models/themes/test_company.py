"""Whom a concern would be with: rosters say who is in a theme, the nearest of its latest members are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.themes.changes import Merged, Point
from models.themes.company import ASKED, LATEST, company_milli
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
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


def test_company_is_the_share_of_the_nearest_that_are_the_themes(engine: ThemeEngine) -> None:
    state = engine._state
    one, two = sorted((o for o in state.themes.origins if o.parent is None), key=lambda o: -o.count)[:2]
    slot = int(state.rosters.latest(one.ordinal, 1)[0])
    others = [
        s for root in (one, two) for s in state.rosters.latest(root.ordinal, LATEST).tolist() if s != slot
    ]
    near = sorted(others, key=lambda other: -float(state.shelf.units[other] @ state.shelf.units[slot]))[
        :ASKED
    ]
    own = sum(other in members(state, one.ordinal) for other in near)
    assert company_milli(state, slot, one, two) == 100 * own
    assert company_milli(state, slot, two, one) == 1000 - 100 * own


def test_without_anybody_held_there_is_no_company(engine: ThemeEngine) -> None:
    state = engine._state
    gone = next(origin for origin in state.themes.origins if origin.parent is not None)
    assert company_milli(state, 0, gone, gone) is None
