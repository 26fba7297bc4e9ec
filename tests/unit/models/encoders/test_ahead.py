"""What is coming is encoded with what is asked for, and changes nothing but the time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.encoders.ahead import AheadEncoder
from models.encoders.base import Vectors
from models.encoders.hashing import KeywordEncoder


class Counted(KeywordEncoder):
    """Remembers what it was asked; refuses what a model cannot read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        if "poison" in texts:
            raise ValueError("no text")
        return super().encode(texts)


@pytest.fixture
def inner() -> Counted:
    return Counted()


def test_what_is_expected_is_encoded_with_the_first_question(inner: Counted) -> None:
    ahead = AheadEncoder(inner, str.split, capacity=10)
    ahead.expect(["late export"])
    ahead.encode(["login"])
    ahead.encode(["export", "late"])
    assert inner.asked == [["login", "late", "export"]]


def test_vectors_are_those_of_the_encoder_inside(inner: Counted) -> None:
    ahead = AheadEncoder(inner, str.split, capacity=10)
    ahead.expect(["late export"])
    wanted = KeywordEncoder().encode(["login", "refund"])
    assert np.array_equal(ahead.encode(["login", "refund"]), wanted)


def test_a_text_that_the_model_fails_on_fails_only_who_asks_for_it(inner: Counted) -> None:
    ahead = AheadEncoder(inner, str.split, capacity=10)
    ahead.expect(["poison"])
    assert len(ahead.encode(["login"])) == 1
    with pytest.raises(ValueError, match="no text"):
        ahead.encode(["poison"])


def test_no_more_than_so_many_texts_are_encoded_ahead(inner: Counted) -> None:
    ahead = AheadEncoder(inner, str.split, capacity=10, most=3)
    ahead.expect(["a b", "c d", "e f"])
    ahead.encode(["login"])
    assert inner.asked == [["login", "a", "b", "c", "d"]]
