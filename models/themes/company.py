"""Whom a concern would be with: how like it the theme's latest are, and how many of those most like it are among them.

In: a held concern, its theme, and the themes that come next. Out: a likeness and a share. Centroids say how near a
theme is on the whole; one that holds several topics is near on the whole, and the typical member is unlike the
concern, or has members of other themes before it. Exact; of equally near ones all are counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.themes.centroids import Origin
from models.themes.grid import ONE, Units
from models.themes.state import EngineState

LATEST = 64
"""Members of each theme that are asked, those that came last; more rank little better and take longer."""
ASKED = (5, 20)
"""The nearest of them, who are counted, first few and then more; the share is the mean of both."""
OTHERS = 2
"""Themes beside its own that are asked, the nearest ones; a third more ranks as well and takes longer."""


class Company(NamedTuple):
    """In thousandths. ``likeness``: the cosine to the median member; ``share``: of the nearest, who are members."""

    likeness: int
    share: int


def company_of(state: EngineState, slot: int, root: Origin, others: Sequence[Origin]) -> Company | None:
    """Of a held concern in ``root``, beside ``others``; None where nobody else is held of the theme."""
    shelf = state.shelf
    each = [state.rosters.latest(one.ordinal, LATEST) for one in (root, *others)]
    slots = np.concatenate(each)
    similar: Units = shelf.units.take(slots, axis=0) @ shelf.units[slot]
    ours = len(each[0])
    if shelf.origin[slot] >= 0:  # it may be one of them
        keep = slots != slot
        ours = int(np.count_nonzero(keep[:ours]))
        similar = similar[keep]
    if not ours:
        return None
    mine, all_ = _ranked(similar[:ours]), _ranked(similar)
    median = mine[(ours - 1) // 2]  # the lower one of two
    return Company(1000 * int(median) // ONE, _share(mine, all_))


def _ranked(similar: Units) -> list[float]:
    ranked = similar.copy()
    ranked.sort()
    found: list[float] = ranked.tolist()
    return found


def _share(ours: list[float], all_: list[float]) -> int:
    """Of the nearest, the share in thousandths that is among ``ours``; both in order."""
    total, many = 0, len(all_)
    for asked in ASKED:
        least = all_[many - min(asked, many)]
        total += 1000 * (len(ours) - bisect_left(ours, least)) // (many - bisect_left(all_, least))
    return total // len(ASKED)
