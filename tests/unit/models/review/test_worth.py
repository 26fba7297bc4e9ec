"""What an answer is worth: the more open, severe and costly the question, the more."""

from __future__ import annotations

from typing import get_args

from contracts.feedback import Tier
from contracts.stages import Severity
from models.review.worth import worth


def test_an_even_question_is_worth_most_and_a_certain_one_nothing() -> None:
    values = [worth(p, "high") for p in (0, 100, 300, 500, 700, 900, 1000)]
    assert values == [0, 1080, 2520, 3000, 2520, 1080, 0]


def test_severity_and_tier_weigh_whatever_the_probability() -> None:
    severities: tuple[Severity, ...] = get_args(Severity)
    assert [worth(500, one) for one in severities] == [4000, 3000, 2000, 1000]
    tiers: tuple[Tier, ...] = ("free", "unknown", "pro", "business", "enterprise")
    assert [worth(500, "low", one) for one in tiers] == [1000, 1000, 1150, 1400, 1800]
