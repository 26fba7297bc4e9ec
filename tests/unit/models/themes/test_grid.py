"""The integer grid: exact in every order, and through the log."""

from __future__ import annotations

import numpy as np

from models.themes.grid import (
    ONE,
    on_grid,
    pack,
    pack_vector,
    to_grid,
    unpack_grid,
    unpack_ints,
    unpack_vector,
)


def units(count: int) -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(count, 384))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_float32_product_of_grid_vectors_is_the_integer_product() -> None:
    rows = to_grid(units(50))
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    assert np.array_equal((rows.astype(np.float32) @ rows.astype(np.float32).T).astype(np.int64), exact)


def test_rounding_moves_a_similarity_by_less_than_a_thousandth() -> None:
    rows = units(50)
    grid = to_grid(rows).astype(np.int64)
    assert np.abs(grid @ grid.T / ONE - rows @ rows.T).max() < 1e-3


def test_stretching_one_row_or_many_gives_the_same_integers() -> None:
    rows = np.rint(units(20)[:, :64] * 1e6)
    assert np.array_equal(on_grid(rows)[3], on_grid(rows[3]))


def test_a_zero_row_stays_zero() -> None:
    assert not on_grid(np.zeros((1, 8))).any()


def test_packed_arrays_come_back() -> None:
    small = np.array([-3, 2047], np.int16)
    assert np.array_equal(unpack_grid(pack(small)), small)
    for bits in range(64):
        edge = np.array([2**bits - 1, -(2**bits), 0], np.int64)
        assert np.array_equal(unpack_ints(pack(edge)), edge)
    assert unpack_ints(pack(np.zeros(0, np.int64))).shape == (0,)


def test_a_vector_comes_back_from_as_few_bits_as_it_needs() -> None:
    for row in to_grid(np.concatenate([units(20), np.eye(384)[:2], -np.eye(384)[:2], np.zeros((1, 384))])):
        assert np.array_equal(unpack_vector(pack_vector(row)), row)
    assert len(pack_vector(to_grid(units(1)[0]))) < 0.65 * len(pack(to_grid(units(1)[0])))


def test_a_sum_takes_no_more_room_than_its_largest_number() -> None:
    sums = {most: np.full(384, most, np.int64) for most in (2**14, 2**22, 2**30)}
    assert [len(pack(total)) for total in sums.values()] == [1026, 1538, 2050]
