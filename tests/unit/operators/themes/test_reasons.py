"""Why a concern is in its theme: one line, its strongest factors first."""

from __future__ import annotations

from models.themes.changes import Assigned
from models.themes.evidence import Evidence
from operators.themes.reasons import reason

EVIDENCE = Evidence(similarity=700, margin=210, size=0, words=3000, company=800)


def joined(runner_up: float | None = 0.49) -> Assigned:
    return Assigned("c", "t", 0.7, 6100, None if runner_up is None else "u", runner_up, True, 800, EVIDENCE)


def test_the_line_names_the_strongest_factors_in_their_order() -> None:
    line = reason(joined(), [("margin", 900), ("words", 500), ("similarity", 300)], ["refund", "card"])
    assert line == (
        "6.1 sd above chance, clear of the runner-up by .21, shares the words refund · card, on arrival"
    )


def test_what_speaks_against_is_said_as_well() -> None:
    line = reason(joined(), [("size", -400), ("margin", -300)], [])
    assert "a large theme" in line
    assert "close to the runner-up by .21" in line


def test_words_that_may_not_be_shown_are_not_named() -> None:
    assert "shares words with it" in reason(joined(), [("words", 500)], [])


def test_a_factor_of_no_weight_is_not_told_nor_a_runner_up_that_there_is_none() -> None:
    line = reason(joined(None), [("margin", 900), ("size", 20)], [])
    assert line == "6.1 sd above chance, on arrival"
