"""Words in one string in the embedded store: what is asked for is found and nothing else, and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from connectors.qdrant.edge import EdgeIndex
from connectors.qdrant.words import apart, said, together
from contracts.vectors import ItemPoint, Scalar

VECTOR = np.array([2048, 0, 0, 0], np.int16)
PAYLOAD: dict[str, Scalar] = {
    "label": "bug",
    "account": "Müller & Sons",
    "bug": True,
    "tier": None,
    "at_s": 7,
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EdgeIndex]:
    index = EdgeIndex(tmp_path, encoder_version="enc/1", item_dims=4, theme_dims=4)
    index.put_items("acme", [ItemPoint("0" * 8 + "-0000-4000-8000-" + "1" * 12, "item-1", VECTOR, PAYLOAD)])
    yield index
    index.close()


def test_a_payload_comes_back_as_it_was() -> None:
    assert apart(together(PAYLOAD | {"_item": "item-1"})) == PAYLOAD | {"_item": "item-1"}


def test_nothing_but_one_field_is_text() -> None:
    texts = [field for field, value in together(PAYLOAD).items() if isinstance(value, str)]
    assert texts == ["_words"]


def test_a_concern_is_found_by_its_words_and_told_in_them(index: EdgeIndex) -> None:
    found = index.similar_items("acme", VECTOR, limit=1, where={"account": "Müller & Sons", "bug": True})
    assert [(one.item_id, one.payload) for one in found] == [("item-1", PAYLOAD)]


@pytest.mark.parametrize(
    "where",
    [
        {"account": "Muller & Sons"},
        {"account": "Müller"},
        {"account": "müller & sons"},
        {"label": "praise"},
        {"label": "bu"},
        {"category": "bug"},
        {"tier": "pro"},
        {"bug": False},
    ],
)
def test_other_words_find_nothing(index: EdgeIndex, where: dict[str, str | int | bool]) -> None:
    assert index.similar_items("acme", VECTOR, limit=1, where=where) == []


@pytest.mark.parametrize(
    "account", ['"', "\\", '","label":"praise', '"label":"praise"', "\n", "日本", "İ", ""]
)
def test_a_word_never_passes_for_another_field_or_word(index: EdgeIndex, account: str) -> None:
    shown = ItemPoint("0" * 8 + "-0000-4000-8000-" + "2" * 12, "item-2", VECTOR, {"account": account})
    index.put_items("acme", [shown])
    found = index.similar_items("acme", VECTOR, limit=2, where={"account": account})
    assert [one.item_id for one in found] == ["item-2"]
    assert index.similar_items("acme", VECTOR, limit=2, where={"label": "praise"}) == []


def test_what_a_question_looks_for_stands_in_the_string() -> None:
    assert said("account", "Müller & Sons") in str(together(PAYLOAD)["_words"])
