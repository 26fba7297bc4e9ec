"""Only what is ours is cut, in whatever form a tracker gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.trackers.adf import adf, plain_text
from connectors.trackers.cutting import Ours, bare_name, cut, letters
from operators.linear_issue import escaped, quotation, quoted
from tests.support.withdrawing import BODY, QUOTES

ANN = QUOTES[0]
TEXT = BODY.format("\n\n".join(map(quotation, QUOTES)))


def ours(*names: str) -> Ours:
    """Ann's quotation, with letters as their own hash."""
    block, words = letters(quotation(ANN)), letters(quoted(ANN))
    return Ours(frozenset([block]), frozenset([words]), frozenset(names), lambda text: text)


@pytest.mark.parametrize(
    "as_given_back",
    [
        TEXT,
        TEXT.replace("\\", ""),
        TEXT.replace(">\n>", "> \n> "),
        TEXT.replace("<https", "https").replace(">)", ")"),
        TEXT.replace("\n\n> Ben", "\n>\n> Ben"),
    ],
    ids=["as written", "fewer escapes", "other spaces", "bare links", "one block quote"],
)
def test_a_quotation_is_found_whatever_the_tracker_made_of_it(as_given_back: str) -> None:
    mine = ours()
    left = cut(as_given_back, mine)
    assert "Ann" not in left
    assert "Ben cannot export" in left
    assert not mine.altered


def test_the_same_quotation_is_found_in_a_document() -> None:
    mine = ours("northwind")
    left = plain_text(cut(adf(TEXT), mine))
    assert mine.found
    assert "Ann" not in left
    assert "northwind" not in left
    assert "Ben cannot export" in left


def test_a_quotation_that_people_moved_into_a_panel_is_found() -> None:
    panel: dict[str, Any] = {"type": "panel", "content": adf(quotation(ANN))["content"]}
    left = cut({"type": "doc", "version": 1, "content": [panel]}, ours())
    assert plain_text(left) == "–"


def test_words_without_their_source_stay_and_are_told() -> None:
    mine, text = ours(), f"{quoted(ANN)}\n\nBen's."
    assert cut(text, mine) == text
    assert mine.altered


def test_a_text_without_anything_of_ours_is_the_same_object() -> None:
    document = adf("> Somebody's own quote\n>\n> — zendesk, ours")
    assert cut(document, ours("northwind")) is document


@pytest.mark.parametrize("name", ["Doe, Jane", "Acme (Germany)", "Smith, Jones (pro), & Co."])
def test_a_name_goes_whole_whatever_stands_in_it(name: str) -> None:
    listed = f"Accounts: aaa, {escaped(name)}, zzz and 3 more."
    told = f"Affected customers: {escaped(f'aaa (pro), {name} (pro), zzz (unknown)')}."
    mine = ours(bare_name(name))
    assert cut(listed, mine) == "Accounts: aaa, zzz and 3 more."
    assert plain_text(cut(adf(listed), mine)) == "Accounts: aaa, zzz and 3 more."
    assert cut(told, mine) == f"Affected customers: {escaped('aaa (pro), zzz (unknown)')}."


def test_a_name_of_which_ours_is_a_part_stays() -> None:
    listed = f"Accounts: {escaped('Acme (Germany), Doe, Jane, Acme Inc')}."
    assert cut(listed, ours("Acme", "Jane,Ac", "D")) == listed
