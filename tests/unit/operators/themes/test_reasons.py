"""Why a concern is in its theme: one line, its strongest factors first."""

from __future__ import annotations

from models.themes.changes import Assigned
from models.themes.evidence import Evidence
from operators.themes.reasons import reason

EVIDENCE = Evidence(size=0, words=3000, company=800, likeness=600)


def joined() -> Assigned:
    return Assigned("c", "t", 0.7, 6100, "u", 0.49, True, 800, EVIDENCE)


def test_the_line_names_the_strongest_factors_in_their_order() -> None:
    line = reason(joined(), [("likeness", 900), ("words", 500), ("company", 20)], ["refund", "card"])
    assert line == (
        "6.1 sd above chance, like most of the theme's latest, shares the words refund · card, on arrival"
    )


def test_what_speaks_against_is_said_as_well() -> None:
    line = reason(joined(), [("size", -400), ("company", -300), ("likeness", -200)], [])
    assert "a large theme" in line
    assert "many concerns like it are elsewhere, unlike many of the theme's latest" in line


def test_words_that_may_not_be_shown_are_not_named() -> None:
    assert "shares words with it" in reason(joined(), [("words", 500)], [])


def test_a_factor_of_no_weight_is_not_told() -> None:
    line = reason(joined(), [("size", 20)], [])
    assert line == "6.1 sd above chance, on arrival"
