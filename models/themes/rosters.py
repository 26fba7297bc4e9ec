"""The held members of each theme by arrival, so that its latest are at hand without a search.

In: who joins, leaves and is let go, and which themes are read as one. Out: the latest few.
State: none of its own; it follows from who is held and where, so it is made again after a restore.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import merge

_SLOT = 2**32
"""A member is one number: when it came, and its slot."""


class Rosters:
    """Members of each root by its ordinal.

    >>> rosters = Rosters()
    >>> for came, slot in ((5, 0), (9, 1), (7, 2)): rosters.add(3, came, slot)
    >>> rosters.latest(3, 2), rosters.latest(4, 2)
    ([2, 1], [])
    """

    def __init__(self) -> None:
        self._members: dict[int, list[int]] = {}

    def add(self, root: int, came: int, slot: int) -> None:
        """A held concern, which came as the ``came``-th, is a member of a root."""
        member, mine = came * _SLOT + slot, self._members.setdefault(root, [])
        if mine and mine[-1] > member:
            insort(mine, member)
        else:
            mine.append(member)

    def drop(self, root: int, came: int, slot: int) -> None:
        """It is a member no more, or not held; nothing if it was none."""
        member, mine = came * _SLOT + slot, self._members.get(root, [])
        at = bisect_left(mine, member)
        if at < len(mine) and mine[at] == member:
            del mine[at]

    def absorb(self, gone: int, into: int) -> None:
        """One root is read as another."""
        self._members[into] = list(merge(self._members.get(into, []), self._members.pop(gone, [])))

    def clear(self) -> None:
        """Forget all, to be told anew."""
        self._members.clear()

    def latest(self, root: int, most: int) -> list[int]:
        """Slots of the members that came last, the latest last."""
        return [member % _SLOT for member in self._members.get(root, [])[-most:]]
