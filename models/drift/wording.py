"""Has the mean of vectors moved? An exponentially weighted mean against a reference that lags behind it.

C. A. Lowry and others: A multivariate exponentially weighted moving average control chart (Technometrics 1992), with
the trace of the covariance in place of its inverse, so that few vectors are enough. Vectors are folded to 32 integers
by a fixed sum of signs, which keeps distances within about a quarter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.drift.seen import Seen
from models.themes.octets import Reader, Writer

DIMS = 32
SIZE = 384
BLOCK = 16
"""Vectors that come into the reference together, one block late."""

_FRACTION = 12
_FORGET = 1 << 17
"""Vectors in the reference at most: then they count half, which also keeps sums within 32 bits."""

Ints = NDArray[np.int64]
_SIGNS = np.random.Generator(np.random.PCG64(0)).integers(0, 2, SIZE).astype(np.int16) * 2 - 1


def fold(vector: NDArray[np.int16]) -> Ints:
    """Grid vectors ``(..., 384)`` as 32 integers each: every one is a sum of twelve coordinates with fixed signs.

    >>> int((fold(np.full(384, 100, np.int16)) ** 2).sum()) > 0
    True
    """
    parts = (vector * _SIGNS).reshape(*vector.shape[:-1], SIZE // DIMS, DIMS)
    folded: Ints = parts.sum(axis=-2, dtype=np.int64)
    return folded


class MeanVector:
    """Folded vectors, one at a time; says when their mean has moved.

    ``shift``: a vector weighs 1/2**shift. ``bound``: squared distance in squared standard errors, of which 1 is
    chance. It learns from ``least`` vectors before it speaks, and learns anew after it has spoken.

    >>> mean = MeanVector(bound=9.0, least=30)
    >>> one, two = np.arange(32) * 10, np.arange(32)[::-1] * 10
    >>> noise = np.random.default_rng(0).integers(-100, 100, (120, 32))
    >>> [n for n in range(120) if mean.update((one if n < 80 else two) + noise[n])]
    [85]
    """

    __slots__ = ("_bound", "_ewma", "_least", "_mean", "_ns", "_shift", "_spread", "_squares", "_sums", "run")

    def __init__(self, bound: float, least: int, shift: int = 4) -> None:
        self._bound, self._least, self._shift = bound, least, shift
        self._restart()

    def _restart(self) -> None:
        # The reference, the block that waits for the next to be full, and the one that is being filled.
        self._sums: Ints = np.zeros((3, DIMS), np.int64)
        self._ns = [0, 0, 0]
        self._squares = [0, 0, 0]
        self._ewma: Ints = np.zeros(DIMS, np.int64)
        self.run = 0
        """Vectors in the running mean; 0 while the reference is too small."""
        self._refer()

    def update(self, folded: Ints) -> Seen | None:
        """Take in one folded vector ``(32,)``; how far the mean has moved, if it has."""
        if self._ns[0] >= self._least:
            if self.run == 0:
                self._ewma = (self._sums[0] << _FRACTION) // self._ns[0]
            step = folded << _FRACTION
            step -= self._ewma
            step >>= self._shift
            self._ewma += step
            self.run += 1
        seen = self._judge() if self.run >= BLOCK and self.run % 4 == 0 else None
        if seen is not None:
            self._restart()
        else:
            self._learn(folded)
        return seen

    def _judge(self) -> Seen | None:
        away = self._ewma / (1 << _FRACTION) - self._mean
        weight = 1 / (1 << self._shift)
        settled = 1 - (1 - weight) ** (2 * self.run)
        error = self._spread * (weight / (2 - weight) * settled + 1 / self._ns[0])
        distance = math.fsum((away * away).tolist()) / error
        if distance < self._bound:
            return None
        return Seen(1.0, round(distance, 3), self._ns[0], min(self.run, 2 << self._shift))

    def _learn(self, folded: Ints) -> None:
        at = 0 if self._ns[0] < self._least else 2
        sums = self._sums[at]
        sums += folded
        self._squares[at] += int(folded.dot(folded))
        self._ns[at] += 1
        if at == 0:
            if self._ns[0] == self._least:
                self._refer()
        elif self._ns[2] == BLOCK:
            self._turn()

    def _turn(self) -> None:
        """The waiting block comes into the reference, the full one waits."""
        self._sums[0] += self._sums[1]
        self._ns = [self._ns[0] + self._ns[1], self._ns[2], 0]
        self._squares = [self._squares[0] + self._squares[1], self._squares[2], 0]
        self._sums[1], self._sums[2] = self._sums[2], 0
        if self._ns[0] >= _FORGET:
            self._sums[0] >>= 1
            self._ns[0], self._squares[0] = self._ns[0] >> 1, self._squares[0] >> 1
        self._refer()

    def _refer(self) -> None:
        """The reference's mean, and the trace of its covariance; at least 1, so that equal texts are no event."""
        n = max(self._ns[0], 1)
        self._mean = self._sums[0] / n
        self._spread = max(self._squares[0] / n - math.fsum((self._mean * self._mean).tolist()), 1.0)

    def write(self, to: Writer) -> None:
        """All of it; integers."""
        to.numbers(*self._ns, *self._squares, self.run)
        for row in (*self._sums, self._ewma):
            to.array(row)

    @classmethod
    def read(cls, source: Reader, bound: float, least: int, shift: int = 4) -> MeanVector:
        """The inverse of ``write``. Raises ``ValueError`` on what it did not write."""
        mean = cls(bound, least, shift)
        mean._ns, mean._squares, mean.run = source.numbers(3), source.numbers(3), source.number()
        mean._sums = np.stack([source.array(DIMS) for _ in range(3)])
        mean._ewma = source.array(DIMS)
        mean._refer()
        return mean
