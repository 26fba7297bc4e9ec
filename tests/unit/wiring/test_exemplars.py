"""Vectors of exemplars are made once, and again when anything about them is not as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.encoders.base import Vectors
from models.encoders.hashing import KeywordEncoder
from wiring.exemplars import ExemplarEncoder

TEXTS = ["the export is late", "I was charged twice"]


class Counted(KeywordEncoder):
    """Counts how often it was asked."""

    asked = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        return super().encode(texts)


@pytest.fixture
def inner() -> Counted:
    return Counted()


def test_the_second_start_encodes_nothing(inner: Counted, tmp_path: Path) -> None:
    first = ExemplarEncoder(inner, tmp_path).encode(TEXTS)
    again = ExemplarEncoder(inner, tmp_path).encode(TEXTS)
    assert inner.asked == 1
    assert np.array_equal(first, again)


def test_other_texts_are_encoded(inner: Counted, tmp_path: Path) -> None:
    ExemplarEncoder(inner, tmp_path).encode(TEXTS)
    ExemplarEncoder(inner, tmp_path).encode(TEXTS[::-1])
    assert inner.asked == 2


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01", b"not vectors"])
def test_a_broken_file_is_made_again(inner: Counted, tmp_path: Path, content: bytes) -> None:
    wanted = ExemplarEncoder(inner, tmp_path).encode(TEXTS)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    assert np.array_equal(ExemplarEncoder(inner, tmp_path).encode(TEXTS), wanted)
    assert np.array_equal(np.load(path), wanted)
