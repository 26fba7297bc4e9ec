"""The concerns nearest to one: when all of them came lately, something new is being said, and that is told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from models.drift.newcomers import AGREE, LOOKS, MOST, Asked, Newcomers, agreed, newcomers
from models.drift.policy import DriftPolicy
from models.drift.tenant import TenantWatch
from models.themes.alike import Alike

HELD = 8_000


def looked(arrivals: list[int], bound: float = 1e-5) -> Newcomers | None:
    return newcomers(arrivals, lambda arrival: HELD - arrival, HELD, bound)


def test_concerns_that_came_whenever_are_nothing_new() -> None:
    rng = np.random.default_rng(0)
    found = [looked(rng.choice(HELD, MOST, replace=False).tolist()) for _ in range(2_000)]
    assert found == [None] * 2_000


def test_false_alarms_are_as_rare_as_the_bound_says() -> None:
    rng = np.random.default_rng(1)
    found = [looked(rng.choice(HELD, MOST, replace=False).tolist(), 0.01) for _ in range(3_000)]
    share = sum(one is not None for one in found) / len(found)
    assert 0.005 < share < 0.01 * len(LOOKS)


def test_a_change_shows_while_the_nearest_of_before_are_still_among_them() -> None:
    late, before = list(range(7_000, 7_900, 75)), list(range(100, 7_000, 500))
    found = looked([*late, *before][:MOST])
    assert found is not None
    assert found.late <= 12
    assert found.span == HELD - found.since <= 1_000


@pytest.mark.parametrize("again", [range(7_001, 7_025), range(7_013, 7_037)])
def test_one_story_is_told_once_also_when_it_has_grown(again: range) -> None:
    watch = TenantWatch(DriftPolicy())
    told = []
    for arrivals in (list(range(7_000, 7_024)), list(again), list(range(7_500, 7_524))):
        found = looked(arrivals)
        assert found is not None
        told.append(watch.judge_newcomers(found, arrivals) is not None)
    assert told == [True, False, True]


def test_what_was_told_is_remembered_after_a_restore_and_older_rows_are_read() -> None:
    watch, arrivals = TenantWatch(DriftPolicy()), list(range(7_000, 7_024))
    found = looked(arrivals)
    assert found is not None
    assert watch.judge_newcomers(found, arrivals) is not None
    row = watch.encode()
    assert TenantWatch.decode(row, DriftPolicy()).judge_newcomers(found, arrivals) is None
    assert not TenantWatch.decode([*row[:-2], row[-1]], DriftPolicy()).is_rebuilt


LATE = [f"c{arrival}" for arrival in range(7_975, 7_999)]
"""Two dozen that came one after the other, just now."""
EVER = [f"c{arrival}" for arrival in range(100, 7_900, 325)]
"""Two dozen that came whenever."""


@dataclass(frozen=True)
class Nearest:
    """What ``Alike`` tells of one concern; a concern is called after its place among the held."""

    concerns: Sequence[str]
    held: int = HELD

    @property
    def arrivals(self) -> list[int]:
        return [int(concern[1:]) for concern in self.concerns]

    def since(self, arrival: int) -> int:
        return self.held - arrival


def around(near: Mapping[str, Sequence[str]]) -> Asked:
    """Who is nearest to whom; to all others those that came whenever."""
    return lambda concern, most: cast(Alike, Nearest(list(near.get(concern, EVER))[:most]))


def test_one_whose_nearest_are_late_by_chance_is_not_believed() -> None:
    assert agreed("c7999", around({"c7999": LATE}), 3e-3, 1e-4) is None


@pytest.mark.parametrize("others", range(AGREE + 1))
def test_several_have_to_say_the_same(others: int) -> None:
    found = agreed("c7999", around(dict.fromkeys(["c7999", *LATE[len(LATE) - others :]], LATE)), 3e-3, 1e-4)
    assert (found is not None) == (others + 1 >= AGREE)


def test_they_are_asked_where_the_one_that_came_is_not_sure_itself() -> None:
    unsure = [*LATE[:5], EVER[0], *LATE[5:12], *EVER[1:12]]
    near = {"c7999": unsure} | dict.fromkeys(LATE, LATE)
    found = agreed("c7999", around(near), 1.0, 1e-4)
    assert found is not None
    assert found.concern in LATE
    assert set(found.late) <= set(LATE)


def test_nobody_is_asked_where_nothing_is_odd() -> None:
    asked: list[str] = []

    def ask(concern: str, most: int) -> Alike:
        asked.append(concern)
        return cast(Alike, Nearest(EVER[:most]))

    assert agreed("c7999", ask, 3e-3, 1e-4) is None
    assert asked == ["c7999"]
