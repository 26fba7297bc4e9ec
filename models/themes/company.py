"""Whom a concern would be with: how many of those most like it, among two themes' latest, are its own theme's.

In: a held concern, its theme and the runner-up. Out: a share. Centroids say how near a theme is on the whole; one that
holds several topics is near on the whole and has few members that are like the concern. Exact; of
equally near ones all are counted.
"""

from __future__ import annotations

import numpy as np

from models.themes.centroids import Origin
from models.themes.state import EngineState

LATEST = 32
"""Members of each theme that are asked, those that came last; more rank little better and take longer."""
ASKED = 10
"""The nearest of them, who are counted; more where the last of them are equally near."""


def company_milli(state: EngineState, slot: int, root: Origin, second: Origin) -> int | None:
    """Thousandths of the nearest that are members of ``root``; None where nobody is held of both themes."""
    shelf = state.shelf
    ours, theirs = (state.rosters.latest(one.ordinal, LATEST) for one in (root, second))
    slots = np.concatenate((ours, theirs))
    others = many = len(slots)
    if not many:
        return None
    similar = shelf.units.take(slots, axis=0) @ shelf.units[slot]
    if shelf.origin[slot] >= 0:  # it may be one of them
        own_place = slots == slot
        if np.count_nonzero(own_place):
            similar[own_place] = -np.inf
            others -= 1
            if not others:
                return None
    least = many - min(ASKED, others)
    ranked = similar.copy()
    ranked.partition(least)
    near = similar >= ranked[least]
    return 1000 * int(np.count_nonzero(near[: len(ours)])) // int(np.count_nonzero(near))
