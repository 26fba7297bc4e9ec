"""A classifier that learns one example at a time, and the frozen form of it that labels.

In: rows of whole numbers, ``ONE`` being one.   Out: labels with integer logits.
Promise: learning is a function of the examples in their order; ``rows`` and ``load`` restore it exactly. Labels come
from weights frozen on an integer grid, so a dot product is exact and a batch changes nothing.
How: River's softmax regression with AdaGrad. After each example a few older ones are learned again, label by label
in turn, so that a rare label is not drowned by a frequent one (experience replay, balanced).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ONE = 2048
"""One, in the numbers that a model reads: the length of a grid vector."""

GRID_BITS = 20
"""Weights are frozen to multiples of 2⁻²⁰; rows of up to 10,000 numbers stay far below 2⁶³."""

RATE, PENALTY = 0.1, 0.01
REPLAYED = 3
REMEMBERED = 60
"""Examples of each label that are kept to be learned again; the oldest goes first."""

Row = npt.NDArray[np.int16]
Weights = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frozen:
    """Weights ``(labels, width)`` on the grid; it labels, and never changes."""

    weights: Weights

    def logits(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Logits ``(n, labels)`` in thousandths, rounded down, of rows ``(n, width)``; what is wider is not read."""
        read = rows[..., : self.weights.shape[1]]
        products: npt.NDArray[np.int64] = read.astype(np.int64) @ self.weights.T
        return products * 1000 // (ONE << GRID_BITS)

    def encode(self) -> list[str]:
        """As data for the state log."""
        return [packed(row) for row in self.weights.astype("<i8")]

    @classmethod
    def decode(cls, data: Sequence[str]) -> Frozen:
        """The inverse of ``encode``."""
        return cls(np.stack([unpacked(row, "<i8") for row in data]).astype(np.int64))


class Learner:
    """One softmax regression over ``width`` numbers, and the examples that it learns again."""

    def __init__(
        self, labels: Sequence[str], width: int, *, rate: float = RATE, replayed: int = REPLAYED
    ) -> None:
        """Knows nothing; ``replayed`` older examples are learned after each new one."""
        self.labels = tuple(labels)
        self._width = width
        self._replayed = replayed
        # River takes a second to load, which who never sees a correction does not pay; it comes without types.
        from river import linear_model, optim

        penalty = PENALTY if replayed else 0.0
        model: Any = linear_model.SoftmaxRegression(optim.AdaGrad(rate), l2=penalty)
        self._model = model
        for label in self.labels:
            # All keys at once and in order: sums then run in one order, also after a restore.
            self._model.weights[label] = dict.fromkeys(range(width), 0.0)
        self._kept: dict[str, list[Row]] = {label: [] for label in self.labels}
        self._turns = 0

    def pretrain(self, place: int, label: str, rounds: int) -> None:
        """Learn that the number at ``place`` speaks for ``label``, before there is any example."""
        for _ in range(rounds):
            self._model.learn_one({place: 1.0}, label)

    def gain(self, label: str, rounds: int) -> None:
        """One more label that it knows nothing of, and one more number, which speaks for it as in ``pretrain``."""
        place, self._width = self._width, self._width + 1
        self.labels = (*self.labels, label)
        self._model.weights[label] = {}
        for one in self.labels:
            row = self._model.weights[one]
            row.update((n, 0.0) for n in range(len(row), self._width))
        self._kept[label] = []
        self.pretrain(place, label, rounds)

    def learn(self, row: Row, label: str) -> None:
        """Learn one example, then some older ones."""
        self._learn(row, label)
        known = [one for one in self.labels if self._kept[one]]
        for _ in range(self._replayed if known else 0):
            turn, self._turns = self._turns, self._turns + 1
            again = known[turn % len(known)]
            kept = self._kept[again]
            self._learn(kept[turn // len(known) % len(kept)], again)
        if self._replayed:
            self._kept[label] = [*self._kept[label], row][-REMEMBERED:]

    def freeze(self) -> Frozen:
        """What it knows now, on the grid."""
        table = [list(self._model.weights[label].values()) for label in self.labels]
        return Frozen(np.rint(np.array(table) * (1 << GRID_BITS)).astype(np.int64))

    def rows(self, learned: str | None = None) -> Iterator[tuple[str, Any]]:
        """State as rows by name; with ``learned`` only those examples that a new one of that label changed."""
        yield "turns", self._turns
        for label in self.labels:
            weights, squares = self._model.weights[label], self._model.optimizers[label].g2
            numbers = [*weights.values(), *(squares.get(place, 0.0) for place in range(self._width))]
            yield f"weights/{label}", packed(np.array(numbers, dtype="<f8"))
            if learned in (None, label):
                yield f"kept/{label}", [packed(row.astype("<i2")) for row in self._kept[label]]

    def load(self, name: str, data: Any) -> None:
        """Take up one row of ``rows``."""
        kind, _, label = name.partition("/")
        if kind == "turns":
            self._turns = data
        elif kind == "kept":
            self._kept[label] = [unpacked(row, "<i2").astype(np.int16) for row in data]
        else:
            numbers = unpacked(data, "<f8").tolist()
            self._model.weights[label] = dict(enumerate(numbers[: self._width]))
            self._model.optimizers[label].g2.update(enumerate(numbers[self._width :]))

    def _learn(self, row: Row, label: str) -> None:
        self._model.learn_one(dict(enumerate((row / ONE).tolist())), label)


def packed(numbers: npt.NDArray[Any]) -> str:
    """Numbers as base64 of their bytes."""
    return base64.b64encode(numbers.tobytes()).decode()


def unpacked(data: str, dtype: str) -> npt.NDArray[Any]:
    """The inverse of ``packed``."""
    return np.frombuffer(base64.b64decode(data), dtype=dtype)
