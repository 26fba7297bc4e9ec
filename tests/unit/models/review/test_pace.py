"""The bar of questions: it rises with each, falls without one, and never below nothing."""

from __future__ import annotations

from models.review.pace import Pace


def test_a_question_raises_the_bar_by_as_much_as_the_other_arrivals_let_it_fall() -> None:
    pace, bar = Pace(one_in=4, fall=10), 0
    asked, bar = pace.next(bar, 5)
    for _ in range(3):
        _, bar = pace.next(bar, None)
    assert (asked, bar) == (True, 0)


def test_the_bar_itself_is_not_above_the_bar() -> None:
    assert Pace(one_in=4, fall=10).next(5_000, 5) == (False, 4_990)
