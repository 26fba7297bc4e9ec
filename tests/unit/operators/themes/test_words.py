"""Words that a concern and its theme share: what the probability counts, and what a reason may name."""

from __future__ import annotations

from models.themes.keywords import TermCounts
from models.themes.shared_words import MOST_TERMS, overlap_milli, shared_terms, usage


def counts(*texts: list[int]) -> TermCounts:
    made = TermCounts()
    for text in texts:
        made.add(text)
    return made


EVERYWHERE = counts(*[[1, 2]] * 10, *[[3, 4]] * 30)
THEME = counts(*[[1, 2]] * 10)


def test_words_of_the_theme_count_for_it_and_other_words_against_it() -> None:
    own, foreign = (
        overlap_milli(usage([1, 2], [THEME], EVERYWHERE)),
        overlap_milli(usage([3, 4], [THEME], EVERYWHERE)),
    )
    assert own is not None
    assert foreign is not None
    assert foreign < 0 < own


def test_the_parts_of_a_merged_theme_count_together() -> None:
    parts = [counts(*[[1, 2]] * 5), counts(*[[1, 2]] * 5)]
    assert overlap_milli(usage([1, 2], parts, EVERYWHERE)) == overlap_milli(
        usage([1, 2], [THEME], EVERYWHERE)
    )


def test_without_words_on_either_side_nothing_is_known() -> None:
    assert overlap_milli(usage([], [THEME], EVERYWHERE)) is None
    assert overlap_milli(usage([1], [TermCounts()], EVERYWHERE)) is None


def test_a_long_concern_is_judged_by_its_first_terms() -> None:
    first = [1] * MOST_TERMS
    assert overlap_milli(usage([*first, 3, 3, 3], [THEME], EVERYWHERE)) == overlap_milli(
        usage(first, [THEME], EVERYWHERE)
    )


def test_shared_terms_are_those_of_several_texts_and_most_the_themes_own_first() -> None:
    theme = counts([1, 9], [1, 2], [1, 2], [3], [3])
    everywhere = counts(*[[3]] * 40, [1, 9], [1, 2], [1, 2])
    assert shared_terms(usage([3, 9, 2, 1], [theme], everywhere), 3) == [1, 2, 3]
