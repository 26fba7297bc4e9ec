"""Which concerns are put to people: all that wait, and of what goes on the most valuable, once models are taught."""

from __future__ import annotations

import random

from contracts.stages import Severity
from models.review.asking import ASK_ONE_IN, Asking, Doubt


def goes_on(category_milli: int | None, severity: Severity = "low", sure_milli: int = 950) -> Doubt:
    return Doubt(sure_milli, severity, "unknown", category_milli, waits=False)


def test_what_waits_is_always_put_and_moves_no_bar() -> None:
    asking = Asking(bar=10**9)
    waiting = Doubt(400, "high", "pro", None, waits=True)
    assert (asking.put(waiting), asking.bar) == (waiting.worth, 10**9)


def test_nobody_is_asked_about_what_goes_on_before_a_model_is_taught_or_where_it_is_off() -> None:
    assert [Asking().put(goes_on(None)), Asking(0).put(goes_on(500))] == [None, None]


def test_one_of_so_many_is_asked_about_whatever_the_stream() -> None:
    for seed, low, high in ((1, 0, 1000), (2, 450, 550), (3, 900, 1000)):
        draw, asking = random.Random(seed), Asking()
        asked = sum(asking.put(goes_on(draw.randint(low, high))) is not None for _ in range(5_000))
        assert 0.9 * 5_000 / ASK_ONE_IN < asked < 1.1 * 5_000 / ASK_ONE_IN


def test_the_less_sure_category_is_asked_about_and_so_is_the_graver_concern() -> None:
    draw, asking = random.Random(4), Asking()
    asked = {"open": 0, "sure": 0, "critical": 0}
    for _ in range(6_000):
        kind = draw.choice(("open", "sure", "sure", "critical"))
        doubt = goes_on(500 if kind == "open" else 950, "critical" if kind == "critical" else "low", 850)
        asked[kind] += asking.put(doubt) is not None
    assert min(asked["open"], asked["critical"]) > 10 * asked["sure"]
