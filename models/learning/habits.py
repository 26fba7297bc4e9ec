"""What people call the feedback about each product, beside what they call all of it.

Reviewers of one product mean by "bug" what those of another call a wish; a model that knows of which product a text is
can follow both. In: corrected labels by product. Out: by how much the product's share of each label lies above the
tenant's, drawn to the tenant's where little is known (additive smoothing). Whole numbers throughout.
State: counts of at most ``KEPT`` products, under a digest of the name; the one corrected longest ago goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

KEPT = 256
"""Products of one tenant that are told apart."""

PRIOR = 2
"""So many corrections at the tenant's own shares are assumed of a product that nobody has corrected."""

WEIGHT = 15
"""What a share counts against a vector's dimensions; 16 times ``learner.ONE`` would not fit 16 bits."""

Counts = tuple[int, ...]


class Habits:
    """Counts of ``labels`` by product; ``learn`` changes it, ``copy`` is a version's own."""

    def __init__(self, labels: int) -> None:
        """Nothing is known yet of ``labels`` labels."""
        self._all: Counts = (0,) * labels
        self._by: dict[str, Counts] = {}

    def leaning(self, product: str | None, one: int) -> list[int]:
        """For each label share of the product less share of the tenant, where ``one`` is one; zeros where unknown."""
        counts = self._by.get(_digest(product)) if product else None
        if counts is None:
            return [0] * len(self._all)
        whole, here = sum(self._all) + len(self._all), sum(counts)
        return [
            WEIGHT * one * (many * whole - here * (everywhere + 1)) // ((here + PRIOR) * whole)
            for many, everywhere in zip(counts, self._all, strict=True)
        ]

    def learn(self, product: str | None, label: int) -> None:
        """One more correction to this label."""
        self._all = _plus(self._all, label)
        if product:
            name = _digest(product)
            counts = self._by.pop(name, (0,) * len(self._all))
            self._by[name] = _plus(counts, label)
            if len(self._by) > KEPT:
                del self._by[next(iter(self._by))]

    def copy(self) -> Habits:
        """The same, which what is learned later does not change."""
        other = Habits(len(self._all))
        other._all, other._by = self._all, dict(self._by)
        return other

    def encode(self) -> list[Any]:
        """As data for the state log; products in the order of their latest correction."""
        return [list(self._all), [[name, *counts] for name, counts in self._by.items()]]

    @classmethod
    def decode(cls, data: Sequence[Any]) -> Habits:
        """The inverse of ``encode``."""
        everywhere, rows = data
        habits = cls(len(everywhere))
        habits._all = tuple(everywhere)
        habits._by = {name: tuple(counts) for name, *counts in rows}
        return habits


def _digest(product: str) -> str:
    return blake2b(product.encode(), digest_size=8).hexdigest()


def _plus(counts: Counts, label: int) -> Counts:
    return (*counts[:label], counts[label] + 1, *counts[label + 1 :])
