"""A sample of earlier concerns that is asked where a concern belongs.

In: the members of the background sample with the lowest hashes. Out: how many of those nearest to a concern are in a
theme, and how many of the theme's are near it. State: one number, the hash from which on no concern is a juror; who
the jurors are follows from it and the sample, so a restore finds the same. Nothing depends on their order.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from models.themes.centroids import Themes
from models.themes.grid import ONE, Units
from models.themes.shelf import Shelf

JURORS = 1024
"""A concern costs a product with so many vectors, about 15 µs."""
NEAREST = 10
"""Jurors that vote."""
NEAR = int(0.6 * ONE)
"""A member of the theme that is so similar supports the concern."""
FEWEST = 3
"""Jurors of a theme below which there is no telling."""
_NOBODY = -3


class Jury:
    """Jurors in places of fixed arrays; their homes are ordinals of root themes, below zero: in none."""

    def __init__(self, components: int) -> None:
        self.bound = 2**64
        """Concerns of the sample that hash below this are jurors; it only falls."""
        self._place: dict[int, int] = {}
        self._heap: list[int] = []
        self._free = list(range(JURORS))
        self._stale: set[int] = set()
        self._redirects = 0
        self._slots: NDArray[np.int64] = np.zeros(JURORS, np.int64)
        self._homes: NDArray[np.int64] = np.full(JURORS, _NOBODY, np.int64)
        self._codes: NDArray[np.int32] = np.zeros(JURORS, np.int32)
        self._units: Units = np.zeros((JURORS, components), np.float32)

    def admit(self, name: int, slot: int) -> None:
        """A concern came into the sample: a juror, if its hash is low enough, perhaps in another's place."""
        if name >= self.bound:
            return
        if not self._free:
            while -self._heap[0] not in self._place:
                heapq.heappop(self._heap)
            highest = -self._heap[0]
            self.bound = max(highest, name)
            if name == self.bound:
                return
            self.dismiss(highest)
        heapq.heappush(self._heap, -name)
        place = self._place[name] = self._free.pop()
        self._slots[place] = slot
        self._stale.add(place)

    def dismiss(self, name: int) -> None:
        """A concern left the sample."""
        place = self._place.pop(name, None)
        if place is not None:
            self._stale.discard(place)
            self._free.append(place)
            self._homes[place] = _NOBODY

    def changed(self, name: int) -> None:
        """A concern has another theme or another vector."""
        place = self._place.get(name)
        if place is not None:
            self._stale.add(place)

    def refresh(self) -> None:
        """Every vector is another one."""
        self._stale.update(self._place.values())

    def ask(self, shelf: Shelf, themes: Themes, slot: int, home: int) -> tuple[int | None, int | None]:
        """For a held concern and a root theme: the vote and the support, in thousandths.

        The vote is the share of the theme among the ten nearest jurors of the concern's group that have a theme (more
        if several are equally near), the support the share of the theme's jurors that are near. None: too few.
        """
        self._update(shelf, themes)
        able = (self._homes >= 0) & (self._codes == shelf.codes[slot])
        own = self._place.get(int(shelf.names[slot]))
        if own is not None:
            able[own] = False
        mine = able & (self._homes == home)
        similar = np.where(able, self._units @ shelf.units[slot], -np.inf)
        members, vote, support = int(np.count_nonzero(mine)), None, None
        if members >= FEWEST:
            support = 1000 * int(np.count_nonzero(similar[mine] >= NEAR)) // members
        least = np.partition(similar, JURORS - NEAREST)[JURORS - NEAREST]
        if least > -np.inf:
            chosen = similar >= least
            vote = 1000 * int(np.count_nonzero(chosen & mine)) // int(np.count_nonzero(chosen))
        return vote, support

    def _update(self, shelf: Shelf, themes: Themes) -> None:
        if self._redirects != themes.redirects:
            self._redirects = themes.redirects
            self._stale.update(self._place.values())
        if not self._stale:
            return
        places = np.fromiter(self._stale, np.int64, len(self._stale))
        slots = self._slots[places]
        self._units[places], self._codes[places] = shelf.units[slots], shelf.codes[slots]
        ordinals = shelf.origin[slots].tolist()
        self._homes[places] = [themes.root(o).ordinal if o >= 0 else o for o in ordinals]
        self._stale.clear()
