"""What is kept of concerns: once one cannot move any more, a few numbers are enough to take it back."""

from __future__ import annotations

import pytest

from operators.themes.concerns import Concerns, Known, changed, who_is


class Engine:
    """Five concerns are settled, of which the third waits and a person ordered something of the fifth."""

    settled = 5
    themes = ("t0", "t1")

    def waits(self, concern_id: str) -> bool:
        return concern_id == "c2"

    def is_ordered(self, concern_id: str) -> bool:
        return concern_id == "c4"

    def ordinal(self, theme_id: str) -> int:
        return self.themes.index(theme_id)

    def theme_at(self, ordinal: int) -> str:
        return self.themes[ordinal]


@pytest.fixture
def concerns(monkeypatch: pytest.MonkeyPatch) -> Concerns:
    monkeypatch.setattr("operators.themes.concerns.KEPT_TERMS", 3)
    made = Concerns(Engine())
    for n in range(10):
        made.add(f"c{n}", Known(f"item-{n}", f"p{n}", who_is(f"p{n}"), n, 0, None, n, (n, n + 1)))
        place = ("t1", "t0") if n == 1 else ("t0", None)
        made.put(f"c{n}", changed(made.get(f"c{n}", ""), *place), waits=False)
    made.settle()
    return made


def test_what_cannot_move_is_settled_and_what_waits_is_not(concerns: Concerns) -> None:
    assert concerns.table.keys() == ["c2", "c4", "c5", "c6", "c7", "c8", "c9"]


def test_a_settled_concern_is_known_by_what_taking_it_back_needs(concerns: Concerns) -> None:
    known = concerns.get("c1", "item-1")
    assert (known.item_id, known.who, known.theme, known.near) == ("item-1", who_is("p1"), "t1", "t0")
    assert (known.sequence, known.terms) == (1, ())


def test_one_that_waited_is_settled_as_soon_as_it_has_its_place(concerns: Concerns) -> None:
    concerns.put("c2", changed(concerns.get("c2", ""), None, None), waits=False)
    assert "c2" not in concerns.table
    assert concerns.get("c2", "item-2").sequence == 2


def test_a_retracted_concern_is_gone_wherever_it_was(concerns: Concerns) -> None:
    concerns.drop("c1")
    concerns.drop("c9")
    assert [name in concerns for name in ("c0", "c1", "c8", "c9")] == [True, False, True, False]


def test_terms_of_the_latest_alone_move_with_them(concerns: Concerns) -> None:
    assert [concerns.terms(concerns.get(f"c{n}", "")) for n in (6, 7)] == [(), (7, 8)]


def test_everybody_in_a_theme_is_found_again(concerns: Concerns) -> None:
    found = sorted(concerns.places())
    assert found == sorted([("t1", who_is("p1"))] + [("t0", who_is(f"p{n}")) for n in range(10) if n != 1])


def test_a_settled_concern_that_an_order_is_about_is_open_again_with_its_item(concerns: Concerns) -> None:
    concerns.reopen("c3", "item-3")
    _, row = next(pair for pair in concerns.table.drain() if pair[0] == "c3")
    concerns.table.load("c3", row)
    known = concerns.get("c3", "")
    assert (known.item_id, known.who, known.theme) == ("item-3", who_is("p3"), "t0")
