"""Windows of what came lately, while the clock on the wall is set."""

from __future__ import annotations

import time

import pytest

from contracts.errors import QuotaExceeded
from wiring.edge.fairness import Fairness
from wiring.edge.quotas import Quota, Quotas


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(time, "time", made)
    return made


@pytest.fixture
def full() -> Quotas:
    """One tenant that has sent all it may in ten seconds."""
    quotas = Quotas(Quota(live_per_s=5, most_per_s=10, window_s=10), fairness=Fairness(lambda: 0.0))
    assert [quotas.lane("acme", 50), quotas.lane("acme", 50)] == ["journal", "bulk"]
    return quotas


def refused_for_s(quotas: Quotas) -> float:
    with pytest.raises(QuotaExceeded) as refused:
        quotas.lane("acme", 1)
    return refused.value.retry_after_s


def test_who_is_at_a_limit_is_refused_until_the_window_has_passed(wall: Wall, full: Quotas) -> None:
    wall.now_s += 4
    assert refused_for_s(full) == 6
    wall.now_s += 6.5
    assert full.lane("acme", 1) == "journal"


def test_a_clock_that_is_set_back_refuses_nobody_until_it_is_there_again(wall: Wall, full: Quotas) -> None:
    wall.now_s -= 3600
    assert [full.lane("acme", 50), full.lane("acme", 50)] == ["journal", "bulk"]
    assert refused_for_s(full) == 10


def test_a_clock_that_is_corrected_a_little_forgets_nothing(wall: Wall, full: Quotas) -> None:
    wall.now_s -= 0.5
    assert refused_for_s(full) == 11
