"""Concerns that are about to arrive, laid along the directions and compared with the themes many at once.

One product for a batch of concerns reads the directions once, and with very many themes the centroids, which takes as
long as comparing one concern with them. Nothing is decided here: a concern gets exactly the numbers that it would get
alone, because products on the grid are exact and rows that changed in between are computed again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.themes.background import Space, centred
from models.themes.centroids import Book
from models.themes.changes import Point
from models.themes.grid import Floats, Grid, Units

FEW_THEMES = 2_048
"""With fewer the centroids stay in the processor's cache, and looking ahead gains nothing."""
_AT_ONCE = 64
"""Concerns compared at once: 26 MB of similarities at 100,000 themes."""
_CHANGED_SHARE = 8
"""When so large a part of the rows has changed, computing all again is cheaper."""

_NOTHING: Units = np.zeros((0, 0), np.float32)


class Ahead:
    """The concerns that are expected next, and the similarities of some of them."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._place: dict[str, int] = {}
        self._book: Book | None = None
        self._epoch = -1
        self._first = 0
        self._units: Units = _NOTHING
        self._similar: Units = _NOTHING
        self._space: Space | None = None
        self._raw_first = 0
        self._raw: Floats = np.zeros((0, 0))

    def expect(self, points: Sequence[Point]) -> None:
        """These concerns come next; some may not, and others may come in between. None: nothing is kept any more."""
        self._points = list(points)
        self._place = {point.concern_id: place for place, point in enumerate(points)}
        self._book = self._space = None
        self._units = self._similar = _NOTHING
        self._raw = np.zeros((0, 0))

    def raw(self, concern_id: str, vector: Grid, space: Space) -> Floats:
        """The concern's ``vector`` along the directions of ``space``."""
        place = self._place.get(concern_id)
        if place is None or self._points[place].vector is not vector:
            return space.project(vector)
        if space is not self._space or not 0 <= place - self._raw_first < len(self._raw):
            some = self._points[place : place + _AT_ONCE]
            self._raw = space.project(np.stack([point.vector for point in some]))
            self._space, self._raw_first = space, place
        found: Floats = self._raw[place - self._raw_first]
        return found

    def similar(self, concern_id: str, unit: Units, book: Book, space: Space) -> Units:
        """Similarities ``(k,)`` of a concern to all themes of its group's ``book``; the caller may change them."""
        place = self._place.get(concern_id)
        if place is None or len(book.roots) < FEW_THEMES:
            return np.asarray(book.units @ unit)
        if not self._holds(place, book):
            self._compute(place, book, space)
        row = place - self._first
        if not np.array_equal(self._units[row], unit):  # another vector under the same id
            return np.asarray(book.units @ unit)
        found: Units = self._similar[row]
        changed = sorted(set(book.log))
        found[changed] = book.units[changed] @ unit
        return found

    def _holds(self, place: int, book: Book) -> bool:
        inside = self._first <= place < self._first + len(self._similar)
        few = len(book.log) * _CHANGED_SHARE < len(book.roots)
        return inside and few and book is self._book and book.epoch == self._epoch

    def _compute(self, place: int, book: Book, space: Space) -> None:
        """Compare the concern at ``place`` and those after it with all themes of its group."""
        some = self._points[place : place + _AT_ONCE]
        group = some[0].group
        raw = space.project(np.stack([point.vector for point in some]))
        self._units = centred(raw, 1.0, space.level(group).origin)
        self._units[[n for n, point in enumerate(some) if point.group != group]] = 0.0
        self._similar = self._units @ book.units.T
        self._book, self._epoch, self._first = book, book.epoch, place
        book.log.clear()
