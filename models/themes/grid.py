"""The integer grid on which every theme decision is made, so that no summation order can change one.

A unit vector is rounded to integers of norm about 2,048. Products of two such vectors stay below 2**24,
so a float32 dot product of them is exact in whatever order a BLAS adds it up; sums are int64.
Also here: the text form of integer arrays in the state log (base64, little-endian).
"""

from __future__ import annotations

import base64
import math

import numpy as np
from numpy.typing import NDArray

GRID = 2048
"""Norm of a vector on the grid. Below 2**12, so that a dot product fits the 24 bits of a float32."""

ONE = GRID * GRID
"""The dot product that stands for cosine 1."""

Ints = NDArray[np.int64]
Grid = NDArray[np.int16]
Whole = NDArray[np.int16] | NDArray[np.int32] | NDArray[np.int64]
"""Vectors or sums of them, in whatever width they are kept."""
Floats = NDArray[np.float64]
Units = NDArray[np.float32]


def to_grid(vectors: NDArray[np.floating]) -> Grid:
    """Unit vectors ``(..., d)`` rounded to the grid, int16.

    >>> to_grid(np.array([0.6, -0.8])).tolist()
    [1229, -1638]
    """
    return np.rint(np.asarray(vectors, np.float64) * GRID).astype(np.int16)


def on_grid(rows: Floats) -> Units:
    """Integer-valued rows ``(..., d)`` of norm below 2**26, stretched to norm 2,048 and rounded; float32.

    The squares are summed exactly, and square root, division, product and rounding are elementwise
    IEEE operations: every machine gets the same integers. A zero row stays zero.
    """
    squares = np.square(rows).sum(axis=-1, keepdims=True)
    scale = GRID / np.sqrt(np.maximum(squares, 1.0))
    found: Units = np.rint(rows * scale).astype(np.float32)
    return found


def on_grid_one(row: Floats) -> Units:
    """``on_grid`` of a single row ``(d,)``, bit by bit the same and at a third of the time."""
    scaled = row * (GRID / math.sqrt(max(float(row.dot(row)), 1.0)))
    found: Units = np.rint(scaled, out=scaled).astype(np.float32)
    return found


def pairs_where(holds: NDArray[np.bool_], first_row: int = 0) -> tuple[Ints, Ints]:
    """``np.nonzero`` of a table ``(n, k)``, whose rows are numbered from ``first_row``; in a fortieth of its time, as
    NumPy looks through a flat array faster.

    >>> [places.tolist() for places in pairs_where(np.array([[False, True], [True, False]]), 5)]
    [[5, 6], [1, 0]]
    """
    rows, columns = np.divmod(holds.ravel().nonzero()[0], max(holds.shape[1], 1))
    return rows + first_row, columns


def pack(values: NDArray[np.signedinteger]) -> str:
    """An integer array as base64 of its little-endian bytes.

    int64 goes in as few bytes each as the largest needs, their number before a colon: a theme's sum takes two or
    three a component and not eight.

    >>> pack(np.array([1, -2], np.int64)), pack(np.array([1, -2], np.int16))
    ('1:Af4=', 'AQD+/w==')
    """
    if values.dtype != np.int64:
        little = values.astype(values.dtype.newbyteorder("<"))
        return base64.b64encode(little.tobytes()).decode("ascii")
    peak = max(int(values.max(initial=0)), -1 - int(values.min(initial=0)))
    width = peak.bit_length() // 8 + 1
    octets = np.ascontiguousarray(values.astype("<i8")).view(np.uint8).reshape(-1, 8)[:, :width]
    return f"{width}:{base64.b64encode(octets.tobytes()).decode('ascii')}"


def pack_vector(vector: Grid) -> str:
    """A vector ``(d,)`` in as few bits a component as its largest needs, their number before a colon.

    Ten are usual, where ``pack`` takes sixteen; d must be a multiple of 8.
    """
    bits = max(int(vector.max()), -1 - int(vector.min())).bit_length() + 1
    shifted = (vector + np.int16(1 << (bits - 1))).astype(">u2")
    digits = np.unpackbits(shifted.view(np.uint8)).reshape(-1, 16)[:, 16 - bits :]
    return f"{bits}:{base64.b64encode(np.packbits(digits).tobytes()).decode('ascii')}"


def unpack_vector(text: str) -> Grid:
    """The inverse of ``pack_vector``."""
    count, _, packed = text.partition(":")
    bits = int(count)
    digits = np.unpackbits(np.frombuffer(base64.b64decode(packed), np.uint8)).reshape(-1, bits)
    values = digits.astype(np.int32) @ (1 << np.arange(bits - 1, -1, -1, dtype=np.int32))
    return (values - (1 << (bits - 1))).astype(np.int16)


def unpack_grid(text: str) -> Grid:
    """The inverse of ``pack`` for int16."""
    return np.frombuffer(base64.b64decode(text), dtype="<i2").astype(np.int16)


def unpack_ints(text: str) -> Ints:
    """The inverse of ``pack`` for int64."""
    width, _, packed = text.partition(":")
    octets = np.frombuffer(base64.b64decode(packed), np.uint8).reshape(-1, int(width))
    whole = np.where(octets[:, -1:] >= 128, np.uint8(255), np.uint8(0)).repeat(8, axis=1)
    whole[:, : octets.shape[1]] = octets
    return whole.view("<i8")[:, 0].astype(np.int64)
