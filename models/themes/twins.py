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
    near = _nearest(state, slot, _latest(state, slot, _members(state, slot, themes, waiting=waiting)))
    if not len(near):
        return []
    alike = shelf.vectors[near].astype(np.float32) @ shelf.vectors[slot].astype(np.float32)
    found = near[alike >= TWIN_AT * ONE]
    return [shelf.ids[one] for one in found[np.argsort(shelf.seq[found])]] if len(found) else []


def _members(state: EngineState, slot: int, themes: Sequence[str], *, waiting: bool) -> Slots:
    shelf = state.shelf
    inside = (shelf.origin < 0) & (shelf.codes == shelf.codes[slot]) if waiting else None
    for theme in themes:
        mine = shelf.origin == state.themes.by_id[theme].ordinal
        inside = mine if inside is None else inside | mine
    return np.empty(0, np.int64) if inside is None else np.flatnonzero(inside)


def _latest(state: EngineState, slot: int, slots: Slots) -> Slots:
    """Those that came before the concern, at most so many; a slot that is free has no arrival number."""
    seq = state.shelf.seq[slots]
    before = (seq > 0) & (seq < state.shelf.seq[slot])
    slots, seq = slots[before], seq[before]
    return slots if len(slots) <= LOOKED_AT else slots[np.argpartition(seq, -LOOKED_AT)[-LOOKED_AT:]]


def _nearest(state: EngineState, slot: int, slots: Slots) -> Slots:
    """A few that are nearest in decision space, ties to the earliest; all of them before there is one."""
    if state.space is None or len(slots) <= SHORTLIST:
        return slots
    similar = state.shelf.units[slots] @ state.shelf.units[slot]
    # As one number each: similarities are whole, and arrival numbers below 2**32.
    order = (-similar).astype(np.int64) * 2**32 + state.shelf.seq[slots]
    return slots[np.argpartition(order, SHORTLIST)[:SHORTLIST]]
