"""The words of a name: full, none twice, and those that say little only where there are no others."""

from __future__ import annotations

import pytest

from models.themes.wording import Told, is_like, is_thin, words_of


def told(*terms: str) -> list[Told]:
    """Terms that all of a theme's texts have; a ``!`` in front: that everybody says."""
    return [Told(term.lstrip("!"), 10, term.startswith("!")) for term in terms]


def test_a_name_has_no_two_forms_of_one_word() -> None:
    assert words_of(told("charge", "charged twice", "invoice")) == ["charged twice", "invoice"]
    assert words_of(told("withdraw", "fees", "fee", "withdrawal", "top", "top-up")) == [
        "withdraw",
        "fees",
        "top",
    ]


def test_words_that_begin_alike_are_two() -> None:
    assert words_of(told("card", "car", "transfer", "transaction")) == ["card", "car", "transfer"]


def test_a_phrase_far_down_the_list_does_not_displace_its_word() -> None:
    words = [f"word{letter}" for letter in "abcdefgh"]
    assert words_of(told("charge", *words, "charged twice"))[0] == "charge"


def test_a_phrase_that_few_of_the_words_texts_have_does_not_displace_it() -> None:
    assert words_of([Told("map", 38), Told("vehicle map", 9)]) == ["map"]
    assert words_of([Told("dark", 29), Told("dark mode", 14)]) == ["dark mode"]


def test_what_may_not_be_shown_is_left_out() -> None:
    assert words_of([Told(None, 9), Told("export", 5)]) == ["export"]


def test_thin_words_and_what_everybody_says_give_way() -> None:
    assert words_of(told("april", "!app", "charge", "ten minutes", "twice")) == ["charge", "twice"]


def test_they_come_where_a_name_would_have_one_term() -> None:
    assert words_of(told("april", "!app", "charge")) == ["charge", "april"]
    assert words_of(told("!app")) == ["app"]


@pytest.mark.parametrize("term", ["april", "found", "weeks ago", "freitag", "primera"])
def test_thin(term: str) -> None:
    assert is_thin(term)


def test_much_the_same_name() -> None:
    assert is_like(["charge", "twice", "april"], ["charges", "double", "twice"])
    assert not is_like(["repeat", "hand"], ["pickup", "recurring", "repeat"])
    assert not is_like(["dark"], ["dark mode", "theme"])
