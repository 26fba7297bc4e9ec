"""The reject budget: a few rejects pass, a stream of them stops the worker."""

from __future__ import annotations

import json

import pytest

from contracts.errors import BudgetExceeded
from operators.budget import RejectBudget, RejectPolicy

POLICY = RejectPolicy(max_ratio=0.2, max_in_a_row=5, window=50, from_records=20)


def fed(pattern: str, policy: RejectPolicy = POLICY) -> RejectBudget:
    """A budget that has seen ``x`` for a reject and ``.`` for a pass."""
    budget = RejectBudget(policy)
    for mark in pattern:
        budget.record(rejected=mark == "x")
    return budget


def test_a_share_within_the_budget_goes_on_for_ever() -> None:
    assert fed("....x" * 200).snapshot()["in_a_row"] == 1


def test_a_share_beyond_the_budget_stops() -> None:
    with pytest.raises(BudgetExceeded, match="of the last"):
        fed("." * 20 + "..x.x" * 20)


def test_too_many_in_a_row_stop_even_within_the_share() -> None:
    fed("." * 50 + "x" * 4 + ".")
    with pytest.raises(BudgetExceeded, match="5 in a row"):
        fed("." * 50 + "x" * 5)


def test_a_stream_that_has_just_begun_says_nothing() -> None:
    fed("x" * 19)
    with pytest.raises(BudgetExceeded):
        fed("x" * 20)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    budget = fed("." * 40 + "xxxx." * 2 + "." * 60)
    assert budget.snapshot()["rejected_at"] == []


@pytest.mark.parametrize("at", [0, 10, 25, 44])
def test_a_restored_budget_goes_on_alike(at: int) -> None:
    pattern = ("." * 8 + "x") * 5 + "." * 9
    restored = RejectBudget(POLICY)
    restored.restore(json.loads(json.dumps(fed(pattern[:at]).snapshot())))
    for mark in pattern[at:]:
        restored.record(rejected=mark == "x")
    assert restored.snapshot() == fed(pattern).snapshot()
