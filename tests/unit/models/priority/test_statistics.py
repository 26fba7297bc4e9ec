"""Wilson intervals and the growth test against published or independently computed values."""

from __future__ import annotations

from functools import cache
from math import comb

import pytest

from models.priority.growth import EXACT_UP_TO, growth_p
from models.priority.wilson import wilson_interval


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(9, 10, 0.5958, 0.9821), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_agrees_with_the_textbook(count: int, of: int, low: float, high: float) -> None:
    interval = wilson_interval(count, of)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (0, 10), (10, 10), (3, 7), (500, 1000)])
def test_the_interval_holds_the_share(count: int, of: int) -> None:
    interval = wilson_interval(count, of)
    assert 0 <= interval.low <= count / of <= interval.high <= 1


def test_nothing_seen_says_nothing() -> None:
    assert (wilson_interval(0, 0).low, wilson_interval(0, 0).high) == (0, 1)


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="4 of 3"):
        wilson_interval(4, 3)


@cache
def tail(n: int, at_least: int) -> float:
    """P(at least so many heads in n throws), by throwing one coin after the other."""
    if at_least <= 0 or n == 0:
        return float(at_least <= 0)
    return (tail(n - 1, at_least - 1) + tail(n - 1, at_least)) / 2


@pytest.mark.parametrize(("before", "now"), [(0, 5), (5, 15), (20, 30), (100, 130), (150, 250), (10, 3)])
def test_growth_is_the_tail_of_fair_throws(before: int, now: int) -> None:
    assert growth_p(before, now) == pytest.approx(tail(before + now, now), rel=1e-9)


def test_five_against_none_is_one_in_32() -> None:
    assert growth_p(0, 5) == 1 / 32


@pytest.mark.parametrize("rise", [20, 40, 60])
def test_where_the_normal_curve_takes_over_it_is_close(rise: int) -> None:
    n = EXACT_UP_TO + 2
    exact = sum(comb(n, k) for k in range(n // 2 + rise, n + 1)) / 2**n
    assert growth_p(n // 2 - rise, n // 2 + rise) == pytest.approx(exact, rel=0.05)
