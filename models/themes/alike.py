"""The concerns most like one among all that are held, and how lately they came.

In: a held concern. Out: ``Alike``; asking changes nothing. It is one exact product with all that is held, some 60 µs
of 8,000 concerns, so it is for now and then and not for every concern. Ties go to the earlier arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.themes.state import EngineState


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Held concerns of the same group, nearest first, with their arrival numbers; ``came`` is when each of the ``held``
    came, 0 where there is none."""

    concerns: Sequence[str]
    arrivals: Sequence[int]
    came: NDArray[np.int64]
    held: int

    def since(self, arrival: int) -> int:
        """How many held concerns came then or later."""
        return int(np.count_nonzero(self.came >= arrival))


def alike(state: EngineState, concern_id: str, most: int) -> Alike | None:
    """The ``most`` held concerns nearest to a held one; None if there are not so many or there is no space yet."""
    shelf = state.shelf
    slot = shelf.slot_of.get(concern_id)
    if state.space is None or slot is None:
        return None
    came = np.where(shelf.codes == shelf.codes[slot], shelf.seq, 0)
    came[slot] = 0
    # All slots, free ones too: one product over what lies together is quicker than to gather the others.
    similar = shelf.units @ shelf.units[slot]
    similar[came == 0] = -np.inf
    held = int(np.count_nonzero(came))
    if held < most:
        return None
    last = np.partition(similar, len(similar) - most)[len(similar) - most]
    near = np.flatnonzero(similar >= last)
    near = near[np.lexsort((came[near], -similar[near]))[:most]]
    return Alike([shelf.ids[one] for one in near.tolist()], came[near].tolist(), came, held)
