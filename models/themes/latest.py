"""The concerns that came last, their units side by side: comparing one with all of them reads no more than that.

In: a concern that has just come, and how far back to look. Out: who is held, came since and is as near. State: none of
its own; it is filled from the shelf as it is asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import Units
from models.themes.shelf import Shelf, Slots

_FEW = 256
"""Concerns up to which no copy is made: what a small tenant takes of memory counts for more there than its speed."""


class Latest:
    """A copy of the end of a ``Shelf``, made anew when that has laid its vectors anew."""

    def __init__(self) -> None:
        self._slots: Slots = np.zeros(0, np.int64)
        self._came: NDArray[np.int64] = np.zeros(0, np.int64)
        self._units: Units = np.zeros((0, 0), np.float32)
        self._many = 0
        self._epoch = -1
        # All that are held and came after the one number, up to the other, are here.
        self._after = self._upto = 0

    def near(self, shelf: Shelf, slot: int, since: int, bar: int, least: int) -> tuple[Slots, Units]:
        """Slots by arrival, and similarities, of those that came after the ``since``-th and are ``bar`` (1/ONE) or
        more like the one at ``slot``, which came last; nobody where they are fewer than ``least``."""
        slots, came, units = self._since(shelf, slot, since)
        similar = units @ shelf.units[slot]
        at = (similar >= bar).nonzero()[0]
        if len(at) >= least:  # seldom; who left is still among them
            at = at[shelf.seq[slots[at]] == came[at]]
        at = at if len(at) >= least else at[:0]
        return slots[at], similar[at]

    def _since(self, shelf: Shelf, slot: int, since: int) -> tuple[Slots, NDArray[np.int64], Units]:
        """Slots, arrival numbers and units of those that came after the ``since``-th, the one at ``slot`` last."""
        newest = int(shelf.seq[slot])
        if newest - since <= _FEW:
            slots = shelf.since(since)
            return slots, shelf.seq[slots], shelf.units.take(slots, axis=0)
        self._catch_up(shelf, newest, slot, since)
        here = slice(int(self._came[: self._many].searchsorted(since, "right")), self._many)
        return self._slots[here], self._came[here], self._units[here]

    def _catch_up(self, shelf: Shelf, newest: int, slot: int, since: int) -> None:
        if shelf.epoch != self._epoch or since < self._after:
            self._epoch, self._after, self._upto, self._many = shelf.epoch, since, since, 0
        if newest == self._upto + 1 and self._many < len(self._slots):
            # One row, written by itself: in half of the time.
            at = self._many
            self._slots[at], self._came[at], self._units[at] = slot, newest, shelf.units[slot]
            self._many = at + 1
        elif newest > self._upto:
            new = shelf.since(self._upto)
            self._make_room(shelf, since, len(new))
            end = self._many + len(new)
            here = slice(self._many, end)
            self._slots[here], self._came[here], self._units[here] = new, shelf.seq[new], shelf.units[new]
            self._many = end
        self._upto = newest

    def _make_room(self, shelf: Shelf, since: int, more: int) -> None:
        """Room for so many more, and a quarter beyond; those that came before ``since`` go."""
        if self._many + more <= len(self._slots):
            return
        first = int(self._came[: self._many].searchsorted(since, "right"))
        old, kept = slice(first, self._many), self._many - first
        room = kept + more + max((kept + more) // 4, 16)
        slots, came = np.zeros(room, np.int64), np.zeros(room, np.int64)
        units = np.zeros((room, shelf.units.shape[1]), np.float32)
        if kept:
            slots[:kept], came[:kept], units[:kept] = self._slots[old], self._came[old], self._units[old]
        self._slots, self._came, self._units = slots, came, units
        self._many, self._after = kept, max(self._after, since)
