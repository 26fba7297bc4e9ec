"""The held members of each theme by arrival, so that its latest are at hand without a search.

In: who joins, leaves and is let go, and which themes are read as one. Out: the members, or the latest few.
State: none of its own; it follows from who is held and where, so it is made again after a restore.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int64]

_ROOM = 16
_NOBODY: Slots = np.zeros((2, 0), np.int64)


class Roster:
    """One theme's members: when each came and its slot, by arrival."""

    __slots__ = ("_many", "_rows")

    def __init__(self, rows: Slots = _NOBODY) -> None:
        self._rows, self._many = rows, rows.shape[1]

    def add(self, came: int, slot: int) -> None:
        """A member more; most come after all others."""
        many = self._many
        if many == self._rows.shape[1]:
            wider = np.zeros((2, max(_ROOM, many + many // 2)), np.int64)
            wider[:, :many] = self._rows
            self._rows = wider
        rows, at = self._rows, many
        if many and rows[0, many - 1] > came:
            at = int(rows[0, :many].searchsorted(came))
            rows[:, at + 1 : many + 1] = rows[:, at:many].copy()
        rows[0, at], rows[1, at] = came, slot
        self._many = many + 1

    def drop(self, came: int) -> None:
        """Who came then is a member no more; nothing if nobody did."""
        rows, many = self._rows, self._many
        at = int(rows[0, :many].searchsorted(came))
        if at < many and rows[0, at] == came:
            rows[:, at : many - 1] = rows[:, at + 1 : many].copy()
            self._many = many - 1

    def latest(self, most: int) -> Slots:
        """Slots of those that came last."""
        return self._rows[1, max(self._many - most, 0) : self._many]

    @property
    def rows(self) -> Slots:
        """``(2, n)``: arrival numbers and slots. Not to be changed, and good for the moment."""
        return self._rows[:, : self._many]


class Rosters:
    """Members of each root by its ordinal.

    >>> rosters = Rosters()
    >>> for came, slot in ((5, 0), (9, 1), (7, 2)): rosters.add(3, came, slot)
    >>> rosters.latest(3, 2).tolist(), rosters.since(3, 6).tolist(), rosters.latest(4, 2).tolist()
    ([2, 1], [2, 1], [])
    """

    def __init__(self) -> None:
        self._members: dict[int, Roster] = {}

    def add(self, root: int, came: int, slot: int) -> None:
        """A held concern, which came as the ``came``-th, is a member of a root."""
        mine = self._members.get(root)
        if mine is None:
            mine = self._members[root] = Roster()
        mine.add(came, slot)

    def drop(self, root: int, came: int) -> None:
        """It is a member no more, or not held; nothing if it was none."""
        if root in self._members:
            self._members[root].drop(came)

    def absorb(self, gone: int, into: int) -> None:
        """One root is read as another."""
        both = np.concatenate([self._of(into), self._of(gone)], axis=1)
        self._members.pop(gone, None)
        self._members[into] = Roster(both[:, np.argsort(both[0])])

    def clear(self) -> None:
        """Forget all, to be told anew."""
        self._members.clear()

    def latest(self, root: int, most: int) -> Slots:
        """Slots of the members that came last, the latest last."""
        mine = self._members.get(root)
        return _NOBODY[1] if mine is None else mine.latest(most)

    def before(self, root: int, came: int, most: int) -> Slots:
        """Slots of the members that came last before then, the latest last."""
        mine = self._of(root)
        end = int(mine[0].searchsorted(came))
        return mine[1, max(end - most, 0) : end]

    def since(self, root: int, seq: int) -> Slots:
        """Slots of the members that came after the ``seq``-th, by arrival."""
        mine = self._of(root)
        return mine[1, int(mine[0].searchsorted(seq, "right")) :]

    def middle_since(self, root: int, seq: int) -> int | None:
        """When the middle one of those came that came after the ``seq``-th, the later of two; None: nobody did."""
        came = self._of(root)[0]
        first = int(came.searchsorted(seq, "right"))
        return int(came[(first + len(came)) // 2]) if first < len(came) else None

    def _of(self, root: int) -> Slots:
        mine = self._members.get(root)
        return _NOBODY if mine is None else mine.rows
