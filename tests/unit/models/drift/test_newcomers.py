"""The concerns nearest to one: when all of them came lately, something new is being said, and that is told once."""

from __future__ import annotations

import numpy as np
import pytest

from models.drift.newcomers import LOOKS, MOST, Newcomers, newcomers
from models.drift.policy import DriftPolicy
from models.drift.tenant import TenantWatch

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
