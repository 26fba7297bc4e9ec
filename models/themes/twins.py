"""Which concern said nearly the same before.

In: a held concern and the themes to look in.   Out: earlier held concerns of these that are nearly identical, earliest
first.   Exact: cosines of the encoder's vectors on the grid; the decision space only makes the shortlist.
Looked at: the latest ``LOOKED_AT`` members and of these the nearest, so that an outage costs no more than a quiet day.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.themes.grid import ONE
from models.themes.shelf import Slots
from models.themes.state import EngineState

TWIN_AT = 0.95
"""Cosine from which two concerns are nearly identical (measured: ``docs/themes.md``)."""
LOOKED_AT = 128
SHORTLIST = 8


def twins(state: EngineState, concern_id: str, themes: Sequence[str], *, waiting: bool) -> list[str]:
    """Concerns of ``themes`` (origins) that came before and are nearly identical, earliest first.

    ``waiting``: looks among those without a theme too.
    """
    shelf = state.shelf
    slot = shelf.slot_of.get(concern_id)
    if slot is None:
        return []
    parts = [_members(state, slot, themes), *([_without_theme(state, slot)] if waiting else [])]
    near = _nearest(state, slot, parts[0] if len(parts) == 1 else _latest(state, np.concatenate(parts)))
    if not len(near):
        return []
    alike = shelf.vectors.take(near, axis=0).astype(np.float32) @ shelf.vectors[slot].astype(np.float32)
    same = alike >= TWIN_AT * ONE
    if not np.count_nonzero(same):
        return []
    found = near[same]
    return [shelf.ids[one] for one in found[np.argsort(shelf.seq[found])]]


def _members(state: EngineState, slot: int, themes: Sequence[str]) -> Slots:
    """The members of these origins that came before the concern, at most so many; the latest last."""
    origins = [state.themes.by_id[theme].ordinal for theme in themes]
    before, found = int(state.shelf.seq[slot]), list[Slots]()
    for root in sorted({state.themes.root(origin).ordinal for origin in origins}):
        slots = state.rosters.before(root, before, state.seen)
        own = state.shelf.origin.take(slots)
        inside = own == origins[0]
        for origin in origins[1:]:
            inside |= own == origin
        found.append(slots[inside])
    if len(found) == 1:
        return found[0][-LOOKED_AT:]
    return _latest(state, np.concatenate(found)) if found else np.empty(0, np.int64)


def _without_theme(state: EngineState, slot: int) -> Slots:
    """Concerns of the same group that have no theme and came before; a slot that is free has no arrival number."""
    shelf = state.shelf
    alone = (shelf.origin < 0) & (shelf.codes == shelf.codes[slot]) & (shelf.seq > 0)
    return np.flatnonzero(alone & (shelf.seq < shelf.seq[slot]))


def _latest(state: EngineState, slots: Slots) -> Slots:
    """Those that came last, at most so many."""
    if len(slots) <= LOOKED_AT:
        return slots
    return slots[np.argpartition(state.shelf.seq[slots], -LOOKED_AT)[-LOOKED_AT:]]


def _nearest(state: EngineState, slot: int, slots: Slots) -> Slots:
    """A few that are nearest in decision space, ties to the earliest; all of them before there is one."""
    if state.space is None or len(slots) <= SHORTLIST:
        return slots
    similar = state.shelf.units.take(slots, axis=0) @ state.shelf.units[slot]
    # As one number each: similarities are whole, and arrival numbers below 2**32.
    order = similar.astype(np.int64) * -(2**32) + state.shelf.seq.take(slots)
    found: Slots = slots[order.argpartition(SHORTLIST)[:SHORTLIST]]
    return found
