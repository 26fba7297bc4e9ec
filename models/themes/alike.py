"""The concerns most like one among all that are held, and how lately they came.

In: a held concern. Out: ``Alike``; asking changes nothing. It is one exact product with all that is held, some 60 µs
of 8,000 concerns, so it is for now and then and not for every concern. Ties go to the earlier arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.themes.grid import Units
from models.themes.shelf import Shelf, Slots
from models.themes.state import EngineState

_TOPS = 8
"""Slots are swept in so many stacks for each that is asked for: few of the nearest lie in one stack then."""
_MORE = 8
"""So many more are looked at, since a slot that is free, or of another group, may lie near as well."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Held concerns of the same group, nearest first, with their arrival numbers.

    Good for the moment: it looks at the state when it is asked.
    """

    arrivals: Sequence[int]
    _shelf: Shelf
    _slot: int
    _near: Slots

    @property
    def concerns(self) -> list[str]:
        """Which they are; seldom asked."""
        return [self._shelf.ids[slot] for slot in self._near.tolist()]

    @property
    def held(self) -> int:
        """How many there are to be near."""
        # Of one group it is known without counting.
        return len(self._shelf) - 1 if self._shelf.groups_held == 1 else self.since(0)

    def since(self, arrival: int) -> int:
        """How many of the held concerns came then or later."""
        shelf, slot = self._shelf, self._slot
        late = shelf.seq >= max(arrival, 1)
        own = int(late[slot])
        if shelf.groups_held > 1:
            late &= shelf.codes == shelf.codes[slot]
        return int(np.count_nonzero(late)) - own


def alike(state: EngineState, concern_id: str, most: int) -> Alike | None:
    """The ``most`` held concerns nearest to a held one; None if there are not so many or there is no space yet."""
    shelf = state.shelf
    slot = shelf.slot_of.get(concern_id)
    if state.space is None or slot is None:
        return None
    # All slots, free ones too: one product over what lies together is quicker than to gather the others.
    similar = shelf.units @ shelf.units[slot]
    near = _nearest(shelf, slot, similar, most + _MORE)
    if len(near) < most:
        near = _nearest(shelf, slot, similar, len(similar))
    if len(near) < most:
        return None
    near = near[np.lexsort((shelf.seq[near], -similar[near]))[:most]]
    return Alike(shelf.seq[near].tolist(), shelf, slot, near)


def _nearest(shelf: Shelf, slot: int, similar: Units, among: int) -> Slots:
    """The others of the group that are held, as far as they are among the nearest slots: ``among`` at least.

    The largest of every so many are at hand in one sweep, and as many slots as there are large ones lie no lower.
    """
    near = np.arange(len(similar))
    if among < len(similar):
        height = len(similar) // (_TOPS * among)
        tops = (
            similar[: height * _TOPS * among].reshape(max(height, 1), -1).max(axis=0)
            if height
            else similar.copy()
        )
        tops.partition(len(tops) - among)
        near = np.flatnonzero(similar >= tops[len(tops) - among])
    held = (shelf.seq[near] > 0) & (shelf.codes[near] == shelf.codes[slot]) & (near != slot)
    return np.asarray(near[held])
