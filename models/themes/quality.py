"""How well themes hold together and apart, without labels: a simplified silhouette of concerns.

In:    the engine's state, held concerns, and themes that might be.   Out: thousandths, -1,000 to 1,000.
A concern is compared with its own theme without itself, as a theme of few would else look better than it is; one
that has no theme counts 0, as the silhouette has it for clusters of one (Rousseeuw 1987; with centroids: Hruschka,
Campello & de Castro 2004). So themes in each other's way, themes that are too wide and concerns that find none all
lower it. Nothing here changes anything; all of it is in integers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.themes.background import centred
from models.themes.centroids import Book
from models.themes.grid import ONE, Floats, Units
from models.themes.shelf import Raw, Slots
from models.themes.state import EngineState

Milli = NDArray[np.int64]

_TOGETHER = 32
"""Concerns that are compared with all themes in one product: memory that is at hand is not fetched anew."""


def clearness_milli(own: NDArray[np.int64], other: NDArray[np.int64]) -> Milli:
    """The silhouette of concerns that are ``own`` like their theme and ``other`` like the next, ``(n,)`` in 1/ONE.

    (b - a) / max(a, b) with the distances a = 1 - own and b = 1 - other.
    """
    found: Milli = 1000 * (own - other) // np.maximum(ONE - np.minimum(own, other), 1)
    return found


def total_milli(state: EngineState, slots: Slots, founding: Sequence[Slots] = ()) -> int:
    """The silhouettes of held concerns ``slots``, added up; 0 for each that has no theme.

    As they would be if those of each of ``founding``, all without a theme now, founded one; theirs are counted in.
    """
    shelf, total = state.shelf, 0
    themed = shelf.by_group(slots[shelf.origin[slots] >= 0])
    for group in sorted({*themed, *(shelf.groups[some[0]] for some in founding)}):
        founders = [some for some in founding if shelf.groups[some[0]] == group]
        book = state.themes.books.get(group)
        new = _centroids(state, group, founders)
        if book is not None and group in themed:
            total += int(_of_members(state, book, themed[group], new).sum())
        old = new[:0] if book is None else book.units
        for n, some in enumerate(founders):
            total += int(_of_founders(state, group, some, np.concatenate([old, np.delete(new, n, 0)])).sum())
    return total


def _centroids(state: EngineState, group: str, founding: Sequence[Slots]) -> Units:
    """Those of themes that might be, ``(m, c)``."""
    assert state.space is not None
    shelf, origin = state.shelf, state.space.level(group).origin
    found = [centred(shelf.raw[some].sum(axis=0, dtype=np.float64), len(some), origin) for some in founding]
    return np.array(found, np.float32).reshape(len(founding), shelf.units.shape[1])


def _of_members(state: EngineState, book: Book, slots: Slots, beside: Units) -> Milli:
    """The silhouettes ``(n,)`` of concerns that have a theme of ``book``, were there further centroids as well."""
    shelf = state.shelf
    rows = state.themes.rows()[shelf.origin[slots]]
    units, within = shelf.units[slots], shelf.seq[slots] > state.horizon
    own = np.einsum("ij,ij->i", units, without(book, rows, shelf.raw[slots], within))
    nearest = np.full(len(slots), -ONE, np.float32)
    for start in range(0, len(slots), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        similar = units[some] @ book.units.T
        similar[np.arange(len(similar)), rows[some]] = -ONE
        nearest[some] = similar.max(axis=1)
    nearest = np.maximum(nearest, (units @ beside.T).max(axis=1, initial=-ONE))
    return clearness_milli(own.astype(np.int64), nearest.astype(np.int64))


def _of_founders(state: EngineState, group: str, slots: Slots, others: Units) -> Milli:
    """The silhouettes ``(n,)`` of concerns that would found a theme beside ``others`` ``(k, c)``."""
    assert state.space is not None
    shelf = state.shelf
    raw, units = shelf.raw[slots].astype(np.float64), shelf.units[slots]
    left = centred(raw.sum(axis=0) - raw, len(slots) - 1, state.space.level(group).origin)
    own = np.einsum("ij,ij->i", units, left).astype(np.int64)
    nearest = (units @ others.T).max(axis=1, initial=-ONE)
    return clearness_milli(own, nearest.astype(np.int64))


def without(book: Book, rows: NDArray[np.int64], raw: Raw | Floats, within: NDArray[np.bool_]) -> Units:
    """The centroids at ``rows`` ``(n,)``, each without one member ``raw`` ``(n, c)``; zero where nobody else is."""
    left = np.maximum(book.total_n[rows] - 1.0, 1.0)[:, None]
    inside = within.astype(np.float64)[:, None]
    sums = (book.total[rows] - raw) * (book.weight / left) + (book.recent[rows] - raw * inside)
    units = centred(sums, book.recent_n[rows][:, None] - inside + book.weight, book.origin)
    units[book.total_n[rows] <= 1.0] = 0.0
    return units
