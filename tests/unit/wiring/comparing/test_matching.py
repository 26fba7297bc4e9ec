"""Which theme goes on as which, and how much two runs agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiring.comparing.matching import agreement, match_themes


def themes(**sizes: int) -> dict[str, str]:
    """Concerns ``a0 a1 …`` in theme ``a``, and so on."""
    return {f"{name}{n}": name for name, size in sizes.items() for n in range(size)}


def test_equal_runs_match_every_theme_with_itself() -> None:
    one = themes(a=3, b=2)
    matches = match_themes(one, one)
    assert [(m.before, m.after, m.shared, m.confidence) for m in matches] == [
        ("a", "a", 3, 1.0),
        ("b", "b", 2, 1.0),
    ]
    assert agreement(one, one) == 1.0


def test_a_renamed_theme_is_found_by_its_members() -> None:
    one = themes(a=4, b=3)
    other = {name: {"a": "x", "b": "y"}[theme] for name, theme in one.items()}
    assert {(m.before, m.after) for m in match_themes(one, other)} == {("a", "x"), ("b", "y")}
    assert agreement(one, other) == 1.0


def test_the_larger_half_of_a_split_theme_goes_on_and_says_with_what_confidence() -> None:
    one = themes(a=10)
    other = {name: "large" if n < 7 else "small" for n, name in enumerate(one)}
    (match,) = match_themes(one, other)
    assert (match.after, match.shared, match.confidence) == ("large", 7, 0.7)


def test_the_matching_has_the_most_shared_concerns_in_all() -> None:
    """Greedy would pair a with x (5 shared) and leave b nothing; a with y and b with x share 4 + 4."""
    one = themes(a=9, b=4)
    other = {f"a{n}": "x" if n < 5 else "y" for n in range(9)} | {f"b{n}": "x" for n in range(4)}
    matches = match_themes(one, other)
    assert {(m.before, m.after, m.shared) for m in matches} == {("a", "y", 4), ("b", "x", 4)}


def test_among_equals_the_same_id_goes_on() -> None:
    one = themes(a=4)
    other = {"a0": "z", "a1": "z", "a2": "a", "a3": "a"}
    assert [m.after for m in match_themes(one, other)] == ["a"]


def test_what_shares_too_little_does_not_match() -> None:
    one = themes(a=10)
    other = {name: f"piece{n // 2}" for n, name in enumerate(one)}
    assert match_themes(one, other) == []
    assert [m.confidence for m in match_themes(one, other, min_confidence=0.2)] == [0.2]


def test_agreement_is_that_of_hubert_and_arabie() -> None:
    """Six concerns in 2 + 2 + 2 against 3 + 3: 2 pairs together in both, of 3 and 6, of 15 in all."""
    one = dict(zip("abcdef", "112233", strict=True))
    other = dict(zip("abcdef", "xxxyyy", strict=True))
    expected = 3 * 6 / 15
    assert agreement(one, other) == pytest.approx((2 - expected) / ((3 + 6) / 2 - expected))


def test_runs_without_a_common_concern_say_nothing_about_each_other() -> None:
    assert agreement(themes(a=2), themes(b=2)) is None
    assert match_themes(themes(a=2), themes(b=2)) == []


runs = st.dictionaries(st.sampled_from([f"c{n}" for n in range(12)]), st.sampled_from("abcd"))


@given(runs, runs)
def test_no_theme_is_matched_twice_and_the_other_way_round_shares_as_much(
    one: dict[str, str], other: dict[str, str]
) -> None:
    there, back = match_themes(one, other, 0.0), match_themes(other, one, 0.0)
    assert len({m.before for m in there}) == len({m.after for m in there}) == len(there)
    assert sum(m.shared for m in there) == sum(m.shared for m in back)
