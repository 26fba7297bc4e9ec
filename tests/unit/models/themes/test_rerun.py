"""A pass that leaves themes worse than is usual is run again at lower bars, and that is kept only if it is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.themes import quality, rerun
from models.themes.changes import Born, Change, Point, Reran
from models.themes.engine import ThemeEngine
from models.themes.grid import ONE, to_grid
from models.themes.policy import ThemePolicy
from models.themes.shelf import Slots
from models.themes.state import EngineState

POLICY = ThemePolicy(judged=64, refit_every=500)
CHANGE_AT = 600


def stream(looser: float) -> list[Point]:
    """Eight topics; from ``CHANGE_AT`` on eight others, in wordings so much more apart."""
    rng = np.random.default_rng(1)
    centres, points = rng.normal(size=(16, 384)), []
    for i in range(CHANGE_AT + 120):
        late = i >= CHANGE_AT
        topic = int(rng.integers(8)) + 8 * late
        vector = centres[topic] + (looser if late else 0.6) * rng.normal(size=384)
        points.append(Point(f"c{i}", to_grid(vector / np.linalg.norm(vector)), "en", 60 * i))
    return points


def played(policy: ThemePolicy, looser: float) -> tuple[ThemeEngine, list[list[Change]]]:
    engine = ThemeEngine("acme", policy)
    return engine, [engine.add(point) for point in stream(looser)]


def reran(heard: list[list[Change]]) -> list[tuple[int, Reran]]:
    return [(i, one) for i, changes in enumerate(heard) for one in changes if isinstance(one, Reran)]


def test_concerns_too_loose_for_themes_found_some_at_a_lower_bar() -> None:
    _, heard = played(POLICY, looser=2.0)
    ((at, told),) = reran(heard)
    assert at >= CHANGE_AT
    assert told.fell_to < told.usual - POLICY.fall_milli
    assert told.share == 0.65
    assert told.after >= told.before + POLICY.rerun_gain_milli
    born = [one.members[0] for one in heard[at] if isinstance(one, Born)]
    assert told.themes > 0
    assert told.concerns == tuple(born[-told.themes :])


def test_what_is_no_better_is_not_kept_and_changes_nothing() -> None:
    sterner = replace(POLICY, rerun_gain_milli=1_000)
    engine, heard = played(sterner, looser=2.0)
    never, calm = played(replace(sterner, fall_milli=10_000), looser=2.0)
    ((at, told),) = reran(heard)
    assert told.share is None
    assert [one for one in heard[at] if not isinstance(one, Reran)] == calm[at]
    assert engine.sizes() == never.sizes()


def test_what_comes_while_a_pass_goes_on_is_not_measured_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[int, int]]()

    def noted(state: EngineState, slots: Slots, founding: Sequence[Slots] = ()) -> int:
        asked.append((len(slots), state.seen - state.last_pass))
        return quality.total_milli(state, slots, founding)

    monkeypatch.setattr(rerun, "total_milli", noted)
    _, heard = played(replace(POLICY, pace_us=600, burst_us=2_000), looser=2.0)
    assert reran(heard)
    assert max(since for _, since in asked) > 20  # passes take long
    assert max(many for many, _ in asked) <= POLICY.judged


def test_a_fall_is_told_of_once() -> None:
    _, heard = played(replace(POLICY, rerun_gain_milli=1_000), looser=3.0)
    assert len(reran(heard)) == 1


def test_a_stream_that_goes_on_as_before_is_never_run_again() -> None:
    engine = ThemeEngine("acme", POLICY)
    steady = [point for point in stream(0.6) if int(point.concern_id[1:]) < CHANGE_AT]
    assert reran([engine.add(point) for point in steady]) == []


def test_clearness_is_the_silhouette_of_two_distances() -> None:
    own, other = np.array([ONE, ONE // 2, 0, ONE // 2]), np.array([0, ONE // 2, ONE // 2, 0])
    assert quality.clearness_milli(own, other).tolist() == [1000, 0, -500, 500]


def test_a_concern_alone_in_its_theme_is_not_clear() -> None:
    engine, _ = played(POLICY, looser=0.6)
    state = engine._state
    slots = state.window()[-64:]
    book = state.themes.books["en"]
    together = quality.total_milli(state, slots)
    book.total_n[:] = 1.0
    assert quality.total_milli(state, slots) <= 0 < together


def test_who_has_no_theme_counts_nothing() -> None:
    engine, _ = played(replace(POLICY, fall_milli=10_000), looser=3.0)
    state = engine._state
    waiting = next(slots for _, slots in state.waiting())
    assert len(waiting) > 20
    assert quality.total_milli(state, waiting) == 0


def test_founders_that_belong_elsewhere_would_make_it_worse() -> None:
    engine, _ = played(POLICY, looser=0.6)
    state = engine._state
    slots = state.window()
    owners = [state.themes.root(int(origin)).ordinal for origin in state.shelf.origin[slots]]
    one_each = slots[np.unique(owners, return_index=True)[1]]
    rest = np.setdiff1d(slots, one_each)
    assert quality.total_milli(state, rest, [one_each]) < quality.total_milli(state, rest)
