"""Few questions, and those worth most: the bar that a question must pass."""

from __future__ import annotations

import random

import pytest

from models.review.worth import worth
from operators.themes.questions import ONE_IN, Questions


def test_the_share_of_questions_is_kept_whatever_the_stream() -> None:
    for seed, sure in ((1, 0.0), (2, 0.5), (3, 0.9)):
        draw, questions = random.Random(seed), Questions()
        stream = (950 if draw.random() < sure else draw.randrange(300, 700) for _ in range(20_000))
        asked = sum(questions.ask(p, "high") is not None for p in stream)
        assert 0.8 * 20_000 / ONE_IN < asked < 1.3 * 20_000 / ONE_IN


def test_what_is_sure_either_way_is_never_asked_about() -> None:
    questions = Questions()
    questions.bar = 0
    assert [questions.ask(p, "critical") for p in (0, 299, 700, 1000)] == [None] * 4


def test_critical_concerns_are_asked_about_before_others() -> None:
    draw, questions = random.Random(4), Questions()
    asked = {"critical": 0, "low": 0}
    for _ in range(20_000):
        severity = draw.choice(("critical", "low"))
        asked[severity] += questions.ask(draw.randrange(300, 700), severity) is not None
    assert asked["critical"] > 20 * asked["low"]


@pytest.mark.parametrize("p_milli", [0, 1000])
def test_an_answer_that_is_known_is_worth_nothing(p_milli: int) -> None:
    assert worth(p_milli, "critical") == 0
