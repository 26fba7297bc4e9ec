"""Arrays of integers take few bits each, and come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.themes.octets import Reader, Writer, from_bits, in_bits, pack_bits, unpack_bits

INTEGERS = st.lists(st.integers(-(2**55), 2**55 - 1), max_size=50)
SMALL = st.lists(st.integers(-9, 9), max_size=50)


@given(st.one_of(INTEGERS, SMALL), SMALL)
def test_arrays_come_back_one_after_the_other(first: list[int], second: list[int]) -> None:
    to = Writer()
    to.array(np.array(first, np.int64))
    to.array(np.array(second, np.int64))
    source = Reader(to.done())
    assert (source.array(len(first)).tolist(), source.array(len(second)).tolist()) == (first, second)
    source.end()


@given(INTEGERS)
def test_sums_come_back(values: list[int]) -> None:
    assert unpack_bits(pack_bits(np.array(values, np.int64))).tolist() == values


def test_sums_take_nearly_a_bit_less_than_their_largest_needs() -> None:
    sums = np.random.default_rng(1).normal(0, 2_000_000, 384).astype(np.int64)
    widest = int(np.abs(sums).max()).bit_length() + 1
    assert len(in_bits(sums)) * 8 < (widest - 0.6) * 384
    assert from_bits(in_bits(sums), 384).tolist() == sums.tolist()


@pytest.mark.parametrize("cut", [1, 20, 400])
def test_what_was_cut_off_is_refused(cut: int) -> None:
    octets = in_bits(np.random.default_rng(1).normal(0, 1_000, 384).astype(np.int64))
    with pytest.raises(ValueError, match="expected"):
        from_bits(octets[:-cut], 384)
