"""Encode what is about to be asked for together with what is asked for now.

A stage serves its partitions one after another, each with the few records that it has: one text at a time through an
encoder that is as fast with eight. Who reads the records says here what is coming (``expect``), and the first who
asks pays for all. A vector is a function of its text alone, so this can only save time; nothing waits for company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from models.encoders.base import Around, Encoder, Vectors
from models.encoders.cached import CachedEncoder

# Texts encoded for others at once: more would not be faster, and the one who asks would wait for them.
MOST_AHEAD = 256

T = TypeVar("T")


class AheadEncoder(Around, Generic[T]):
    """A cached encoder that is told what is coming; ``texts_of`` reads the texts of one such thing."""

    def __init__(
        self,
        encoder: Encoder,
        texts_of: Callable[[T], Iterable[str]],
        *,
        capacity: int,
        most: int = MOST_AHEAD,
    ) -> None:
        """``capacity``: texts held, as in ``CachedEncoder``; ``most``: texts encoded ahead at once."""
        super().__init__(CachedEncoder(encoder, capacity=max(capacity, 2 * most)))
        self._texts_of = texts_of
        self._most = most
        self._coming: list[T] = []

    def expect(self, coming: Iterable[T]) -> None:
        """These will be asked for soon."""
        self._coming.extend(coming)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order."""
        coming, self._coming = self._coming, []
        if coming:
            try:
                return self._encoder.encode([*texts, *self._ahead(coming)])[: len(texts)]
            except Exception:  # noqa: BLE001, S110 - what a model says of another's text, that one will hear when it asks
                pass
        return self._encoder.encode(texts)

    def _ahead(self, coming: Sequence[T]) -> list[str]:
        """Texts of what is coming, the first ``most``; the rest is forgotten and pays for itself."""
        found: list[str] = []
        for one in coming:
            if len(found) >= self._most:
                break
            found += self._texts_of(one)
        return found
