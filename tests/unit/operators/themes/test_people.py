"""Who is in which theme: counted exactly, alone and together, however much came and went."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from operators.themes.people import People

joins = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 150)), max_size=400)


@given(joins, st.data())
def test_people_are_those_with_something_left(came: list[tuple[str, int]], data: st.DataObject) -> None:
    people = People()
    for theme, who in came:
        people.count(theme, who, 1)
    gone = data.draw(st.lists(st.sampled_from(came), unique=True, max_size=50)) if came else []
    for theme, who in gone:
        people.count(theme, who, -1)
    left = Counter(came) - Counter(gone)
    assert people.distinct(["a"]) == len({who for theme, who in left if theme == "a"})
    assert people.distinct(["a", "b", "never"]) == len({who for _, who in left})


def test_a_theme_that_nobody_joined_has_nobody() -> None:
    assert People().distinct(["a"]) == 0
