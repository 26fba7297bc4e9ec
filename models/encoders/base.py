"""What every encoder promises, and the integer grid its vectors live on.

Unit vectors are multiplied by ``GRID_NORM`` and rounded, so every component fits an int16 and the dot
product of two vectors is an integer that float32 holds exactly up to 2^24 (design.md §6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from contracts.errors import RetryLater, StopWorker, WrongUsage

# A product of two grid vectors is at most 2,048² = 2^22, exact in float32 (2^24) with room for rounding.
GRID_NORM = 2048

Vectors = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


class WeightsMissing(WrongUsage):
    """The weights or the packages that run them are not installed; the message says how to get them."""


class WeightsRefused(StopWorker):
    """Weights were found but are not the published ones: running them could do anything."""


class EncoderAway(RetryLater):
    """The encoder answers nothing at present, whatever the text; the same texts may be asked for again."""


class Encoder(Protocol):
    """Turns texts into vectors; every implementation is held to the same suite of tests."""

    @property
    def version(self) -> str:
        """Name of model and arithmetic; vectors of two versions never meet in one search."""
        ...

    @property
    def dims(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of the texts, in order: shape (n, dims), int16, length about ``GRID_NORM``."""
        ...


class Around:
    """An encoder around another one: the same vectors, so the same name and size."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def version(self) -> str:
        """That of the encoder inside."""
        return self._encoder.version

    @property
    def dims(self) -> int:
        """That of the encoder inside."""
        return self._encoder.dims


def to_grid(rows: Floats) -> Vectors:
    """Round rows of any length to the grid; a zero row stays zero.

    The arithmetic is elementwise and per row, so what stands beside a row cannot change it.

    >>> to_grid(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist()
    [[1229, 1638], [0, 0]]
    """
    wide = rows.astype(np.float64)
    norms = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    unit = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > 0.0)
    grid: Vectors = np.rint(unit * GRID_NORM).astype(np.int16)
    return grid
