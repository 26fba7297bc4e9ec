"""What an answer is worth: the more open, severe and costly the question, the more."""

from __future__ import annotations

from typing import get_args

import pytest

from contracts.feedback import Tier
from contracts.stages import Severity
from models.review.worth import MOST, worth


def test_an_even_question_is_worth_most_and_a_certain_one_nothing() -> None:
    values = [worth(p, "high") for p in (0, 100, 300, 500, 700, 900, 1000)]
    assert values == [0, 1080, 2520, 3000, 2520, 1080, 0]


def test_severity_and_tier_weigh_whatever_the_probability() -> None:
    severities: tuple[Severity, ...] = get_args(Severity)
    assert [worth(500, one) for one in severities] == [4000, 3000, 2000, 1000]
    tiers: tuple[Tier, ...] = ("free", "unknown", "pro", "business", "enterprise")
    assert [worth(500, "low", one) for one in tiers] == [1000, 1000, 1150, 1400, 1800]


def test_an_even_question_of_category_teaches_most_and_an_untaught_model_nothing() -> None:
    assert [worth(1000, "low", category_milli=q) for q in (0, 200, 500, 800, 1000)] == [
        0,
        1280,
        2000,
        1280,
        0,
    ]
    assert worth(600, "low") == worth(600, "low", category_milli=1000)


@pytest.mark.parametrize("p_milli", [300, 500, 699])
def test_what_waits_and_is_critical_comes_before_whatever_low_that_goes_on(p_milli: int) -> None:
    goes_on = [worth(p, "low", category_milli=q) for p in range(700, 1001, 10) for q in range(0, 1001, 50)]
    assert worth(p_milli, "critical", category_milli=1000) > max(goes_on)


def test_no_answer_is_worth_more_than_the_most() -> None:
    assert worth(500, "critical", "enterprise", 500) == MOST
