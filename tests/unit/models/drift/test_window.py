"""ADWIN's octets take few, and come back as they were."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river._river_rust.drift import AdaptiveWindowing

from models.drift.window import UNIT, packed, unpacked

FRAME = b"what is alike in all"


def octets_of(values: list[float]) -> bytes:
    adwin = AdaptiveWindowing(delta=0.002, clock=4)
    for value in values:
        adwin.update(value)
    return bytes(adwin.__getstate__())


@given(st.lists(st.integers(-3 * UNIT, 3 * UNIT), max_size=300))
def test_what_was_written_is_read_as_it_was(values: list[int]) -> None:
    octets = octets_of([value / UNIT for value in values])
    assert unpacked(packed(octets, FRAME), FRAME) == octets
    assert packed(octets, FRAME)[0] == 1


def test_a_window_of_thousands_takes_a_quarter_of_its_octets() -> None:
    draw = random.Random(1)
    octets = octets_of([round(UNIT * draw.gauss(2.1, 0.3)) / UNIT for _ in range(20_000)])
    assert len(packed(octets, FRAME)) < len(octets) / 4
    assert unpacked(packed(octets, FRAME), FRAME) == octets


@given(st.binary(max_size=600))
def test_octets_of_any_other_form_are_kept_too(octets: bytes) -> None:
    assert unpacked(packed(octets, FRAME), FRAME) == octets


def test_values_that_are_no_multiples_are_kept_too() -> None:
    octets = octets_of([0.1 * n % 1 for n in range(500)])
    assert packed(octets, FRAME)[0] == 0
    assert unpacked(packed(octets, FRAME), FRAME) == octets


@pytest.mark.parametrize("cut", [1, 5, 40, 90])
def test_what_was_cut_off_is_refused(cut: int) -> None:
    whole = packed(octets_of([0.5, 0.75] * 200), FRAME)
    with pytest.raises(ValueError, match="octets"):
        unpacked(whole[:-cut], FRAME)
