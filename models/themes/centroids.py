"""Themes and their centroids.

A theme's members stay with the *origin* they joined; a merge only makes one origin read as another (its
root). What stands for a root is the mean of its family in the decision space: its members in the window,
leaning on the mean of all its members ever. All sums are integers, so taking out is exact.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.themes.background import Level, Space
from models.themes.grid import Floats, Grid, Units, Whole, on_grid, on_grid_one
from models.themes.octets import unpack_bits
from models.themes.shelf import Raw

_BLOCK = 1024
"""Centroids made at once: more do not fit the processor's cache."""

WIDE_FROM = 2**19
"""Members from which on a sum is kept in 64 bits: a component of a vector is 2**11 at most."""

_NAMESPACE: UUID = uuid5(NAMESPACE_URL, "undercurrent:theme")


def theme_id_of(tenant: str, founding_concern: str) -> str:
    """The id that a theme keeps for ever."""
    return str(uuid5(_NAMESPACE, f"{tenant}\x1f{founding_concern}"))


@dataclass(slots=True, eq=False)
class Origin:
    """A theme as it was born: ``sum`` is the exact sum of its ``count`` members' vectors ``(d,)``.

    Of fewer than ``WIDE_FROM`` members it is kept in 32 bits, half of the room, which no component can leave.
    """

    theme_id: str
    ordinal: int
    group: str
    sum: Whole
    count: int
    born_at_s: int
    last_at_s: int
    parent: int | None = None
    retired: bool = False
    changed_at: int = 0
    """How many concerns had been seen when the theme's members last changed."""

    def __post_init__(self) -> None:
        narrow = self.count < WIDE_FROM
        self.sum = self.sum.astype(np.int32) if narrow else self.sum.astype(np.int64)

    def add(self, vector: Whole, by: int) -> None:
        """Add a vector ``(d,)`` (``by`` 1) or subtract it (-1)."""
        if self.count >= WIDE_FROM and self.sum.dtype != np.int64:
            self.sum = self.sum.astype(np.int64)
        if by == 1:
            self.sum += vector
        else:
            self.sum -= vector
        self.count += by

    def encode(self) -> list[Any]:
        """The origin's row of the state log, without its sum."""
        numbers = [self.ordinal, self.group, self.count, self.born_at_s, self.last_at_s]
        return [*numbers, self.parent, int(self.retired), self.changed_at]

    @classmethod
    def decode(cls, theme_id: str, row: list[Any], total: str) -> Origin:
        """The inverse of ``encode``; ``total`` is the packed sum."""
        ordinal, group, count, born, last, parent, retired, changed = row
        known = (theme_id, ordinal, group, unpack_bits(total), count, born, last)
        return cls(*known, parent, bool(retired), changed)


@dataclass(slots=True, eq=False)
class Book:
    """A group's roots and their centroids, ``units`` ``(k, components)``.

    Rows are in the order of theme ids and ``argmax`` takes the first, so ties go to the lowest id.
    """

    origin: Floats
    roots: list[Origin]
    total: Floats
    total_n: Floats
    recent: Floats
    recent_n: Floats
    weight: int
    units: Units = field(init=False)
    row_of: dict[int, int] = field(init=False)
    ordinals: NDArray[np.int64] = field(init=False)
    changed: NDArray[np.int64] = field(init=False)
    """How many concerns had been seen when each theme last changed, ``(k,)``."""
    open_rows: NDArray[np.bool_] = field(init=False)
    """Which themes are not retired, ``(k,)``."""
    epoch: int = 0
    """How often all rows changed at once, or their order."""
    log: list[int] = field(default_factory=list)
    """Rows that changed since, one at a time; for who wants to correct what was computed before."""

    def __post_init__(self) -> None:
        self._number()
        self.units = np.zeros(self.total.shape, np.float32)
        self.refresh()

    def refresh(self) -> None:
        """Make all centroids again."""
        for start in range(0, len(self.roots), _BLOCK):
            self._refresh(slice(start, start + _BLOCK))
        self._renew()

    def _refresh(self, at: slice | NDArray[np.int64]) -> None:
        count, recent = self.total_n[at, None], self.recent_n[at, None]
        lean = self.total[at] * (self.weight / np.maximum(count, 1.0))
        mean = np.rint((self.recent[at] + lean) / (recent + self.weight)) - self.origin
        self.units[at] = on_grid(np.where(count > 0.0, mean, 0.0))

    def _renew(self) -> None:
        self.epoch += 1
        self.log = []

    def forget(self, rows: NDArray[np.int64], raw: Floats) -> list[Origin]:
        """Let members ``raw`` ``(n, c)`` of the themes at ``rows`` ``(n,)`` leave the window; those themes."""
        touched, places = np.unique(rows, return_inverse=True)
        sums, counts = summed(raw, np.ones(len(rows)), places.astype(np.int64), len(touched))
        self.recent[touched] -= sums
        self.recent_n[touched] -= counts
        self._refresh(touched)
        self.log += touched.tolist()
        return [self.roots[row] for row in touched.tolist()]

    def recentre(self, origin: Floats, recent: Floats, recent_n: Floats) -> None:
        """Take up another origin and other members in the window, then make all centroids again."""
        self.origin, self.recent, self.recent_n = origin, recent, recent_n
        self.refresh()

    def insert(
        self, roots: list[Origin], raw: Floats, counts: Floats, recent: Floats, recent_n: Floats
    ) -> None:
        """Add themes, given the sums and counts of their members and of those in the window."""
        order = sorted(range(len(roots)), key=lambda i: roots[i].theme_id)
        ids = [root.theme_id for root in self.roots]
        at = [bisect(ids, roots[i].theme_id) for i in order]
        for shift, (place, i) in enumerate(zip(at, order, strict=True)):
            self.roots.insert(place + shift, roots[i])
        for name, rows in (("total", raw), ("total_n", counts), ("recent", recent), ("recent_n", recent_n)):
            setattr(self, name, np.insert(getattr(self, name), at, rows[order], axis=0))
        self.units = np.insert(self.units, at, 0.0, axis=0)
        self._number()
        for root in roots:
            self._refresh_one(self.row_of[root.ordinal])

    def absorb(self, pairs: list[tuple[int, int]]) -> None:
        """Let the theme at one row be read as the one at another, for each of ``pairs`` (from, into)."""
        gone = [source for source, _ in pairs]
        for source, target in pairs:
            for sums in (self.total, self.total_n, self.recent, self.recent_n):
                sums[target] += sums[source]
            self._refresh_one(target)
        for name in ("total", "total_n", "recent", "recent_n", "units"):
            setattr(self, name, np.delete(getattr(self, name), gone, axis=0))
        dropped = set(gone)
        self.roots = [root for row, root in enumerate(self.roots) if row not in dropped]
        self._number()

    def _number(self) -> None:
        self.row_of = {root.ordinal: row for row, root in enumerate(self.roots)}
        self.ordinals = np.array([root.ordinal for root in self.roots], np.int64)
        self.changed = np.array([root.changed_at for root in self.roots], np.int64)
        self.open_rows = np.array([not root.retired for root in self.roots], np.bool_)
        self._renew()

    def change(self, row: int, raw: Floats | Raw, by: int, *, in_window: bool) -> None:
        """Add a member to the family at ``row`` (``by`` 1), or take it out (-1)."""
        signed = raw if by == 1 else by * raw
        self.total[row] += signed
        self.total_n[row] += by
        if in_window:
            self.recent[row] += signed
            self.recent_n[row] += by
        self._refresh_one(row)

    def _refresh_one(self, row: int) -> None:
        """The same operations as ``_refresh`` on one row, so bit by bit the same."""
        self.log.append(row)
        count = float(self.total_n[row])
        if count <= 0.0:
            self.units[row] = 0.0
            return
        mean = self.total[row] * (self.weight / count)
        mean += self.recent[row]
        mean /= float(self.recent_n[row]) + self.weight
        np.rint(mean, out=mean)
        mean -= self.origin
        self.units[row] = on_grid_one(mean)


class Themes:
    """Every origin of a tenant, and a ``Book`` per group made from them."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self.origins: list[Origin] = []
        self.by_id: dict[str, Origin] = {}
        self.books: dict[str, Book] = {}
        self._rows: NDArray[np.int64] | None = None

    def born(self, founders: list[str], group: str, vectors: Grid, born_at_s: int, last_at_s: int) -> Origin:
        """A new theme of these members; it is named after the first that has not founded one before."""
        ids = (theme_id_of(self._tenant, concern) for concern in founders)
        theme_id = next((i for i in ids if i not in self.by_id), None)
        if theme_id is None:  # every founder has founded before: name it after its place in the ledger
            theme_id = theme_id_of(self._tenant, f"{founders[0]}\x1f{len(self.origins)}")
        total = vectors.sum(axis=0, dtype=np.int64)
        origin = Origin(theme_id, len(self.origins), group, total, len(vectors), born_at_s, last_at_s)
        self.put(origin)
        return origin

    def put(self, origin: Origin) -> None:
        """Add the next origin."""
        self.origins.append(origin)
        self.by_id[origin.theme_id] = origin

    def root(self, ordinal: int) -> Origin:
        """The origin that this one is read as."""
        origin = self.origins[ordinal]
        while origin.parent is not None:
            origin = self.origins[origin.parent]
        return origin

    def rows(self) -> NDArray[np.int64]:
        """The row of each origin's root in the book of its group, ``(origins,)`` by ordinal."""
        if self._rows is None:
            self._rows = np.array(
                [self.books[o.group].row_of[self.root(o.ordinal).ordinal] for o in self.origins], np.int64
            )
        return self._rows

    def open(
        self,
        roots: list[Origin],
        raw: Floats,
        counts: Floats,
        recent: tuple[Floats, Floats],
        level: Level,
        weight: int,
    ) -> None:
        """Give the themes just born, all of one group, their rows in its book."""
        group, size = roots[0].group, raw.shape[1]
        if group not in self.books:
            none, nobody = np.zeros((0, size)), np.zeros(0)
            book = Book(level.origin, [], none, nobody, none, nobody, weight)
            self.books = dict(sorted({**self.books, group: book}.items()))
        self.books[group].insert(roots, raw, counts, *recent)
        self._rows = None

    def absorb(self, group: str, pairs: list[tuple[int, int]]) -> None:
        """Merge rows (from, into) of a group's book; the origins' parents are set already."""
        self.books[group].absorb(pairs)
        self._rows = None

    def family_size(self, root: Origin) -> int:
        """Members of the root and of all that is read as it."""
        return int(self.books[root.group].total_n[self.books[root.group].row_of[root.ordinal]])

    def make_books(
        self,
        space: Space,
        weight: int,
        held: tuple[Floats, NDArray[np.int32]],
        sums: Floats | None = None,
    ) -> None:
        """Make every book again; ``held`` are the window's projected vectors and their origins (≥ 0).

        ``sums`` are the origins' projected sums by ordinal, if they are known already.
        """
        raw, owners = held
        roots = np.array([self.root(i).ordinal for i in range(len(self.origins))], np.int64)
        if sums is None:
            sums = self.projected(space, range(len(roots)))
        counts = np.array([o.count for o in self.origins], np.float64)
        total, total_n = summed(sums, counts, roots, len(roots))
        recent, recent_n = summed(raw, np.ones(len(owners)), roots[owners], len(roots))
        self.books, self._rows = {}, None
        alive = [o for o in self.origins if o.parent is None]
        for group in sorted({o.group for o in alive}):
            mine = sorted((o for o in alive if o.group == group), key=lambda o: o.theme_id)
            at = np.array([o.ordinal for o in mine])
            level = space.level(group).origin
            self.books[group] = Book(level, mine, total[at], total_n[at], recent[at], recent_n[at], weight)

    def recentre(self, group: str, level: Level, held: tuple[Floats, NDArray[np.int32]]) -> list[Origin]:
        """Make a group's book again for another level of the same directions; ``held`` as above. Its themes."""
        book = self.books.get(group)
        if book is None:
            return []
        raw, owners = held
        recent = summed(raw, np.ones(len(raw)), self.rows()[owners], len(book.roots))
        book.recentre(level.origin, *recent)
        return book.roots

    def forget(self, group: str, held: tuple[Floats, NDArray[np.int32]]) -> list[Origin]:
        """Let members of a group leave the window; the themes that changed."""
        raw, owners = held
        return self.books[group].forget(self.rows()[owners], raw) if len(raw) else []

    def mark(self, root: Origin) -> None:
        """Note in its book when a root changed, and whether concerns may move to it."""
        book = self.books.get(root.group)
        row = None if book is None else book.row_of.get(root.ordinal)
        if book is not None and row is not None:
            book.changed[row], book.open_rows[row] = root.changed_at, not root.retired

    def projected(self, space: Space, ordinals: Iterable[int]) -> Floats:
        """The sums of these origins along the directions of ``space``, ``(n, components)``; exact."""
        sums = [self.origins[i].sum.astype(np.int64) for i in ordinals]
        return space.project(np.stack(sums)) if sums else np.zeros((0, space.basis.shape[1]))


def summed(rows: Floats, counts: Floats, owners: NDArray[np.int64], size: int) -> tuple[Floats, Floats]:
    """The sum of ``rows`` ``(n, d)`` and of ``counts`` ``(n,)`` by owner; integers, so in any order the same."""
    ones, ends = np.ones(len(owners)), np.arange(len(owners) + 1)
    owned = csr_array((ones, owners, ends), shape=(len(owners), size))
    return owned.T @ rows, owned.T @ counts
