"""Which concern said nearly the same before.

In: a held concern and the themes to look in.   Out: earlier held concerns of these that are nearly identical, earliest
first.   Exact: cosines of the encoder's vectors on the grid; the decision space only makes the shortlist.
Looked at: the latest ``LOOKED_AT`` members, so that an outage costs no more than a quiet day.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.themes.grid import ONE
from models.themes.shelf import Slots
from models.themes.state import EngineState

TWIN_AT = 0.95
"""Cosine from which two concerns are nearly identical (measured: ``docs/themes.md``)."""
_SHORTLIST_AT = 0.80
"""The same in decision space, with room for what centring and projection do to a pair."""
LOOKED_AT = 256


def twins(state: EngineState, concern_id: str, themes: Sequence[str], *, waiting: bool) -> list[str]:
    """Concerns of ``themes`` (origins) that came before and are nearly identical, earliest first.

    ``waiting``: looks among those without a theme too.
    """
    slot = state.shelf.slot_of.get(concern_id)
    if slot is None:
        return []
    shelf = state.shelf
    near = _latest(state, slot, _members(state, slot, themes, waiting=waiting))
    if state.space is not None and len(near):
        near = near[shelf.units[near] @ shelf.units[slot] >= _SHORTLIST_AT * ONE]
    if not len(near):
        return []
    alike = shelf.vectors[near].astype(np.float32) @ shelf.vectors[slot].astype(np.float32)
    found = near[alike >= TWIN_AT * ONE]
    return [shelf.ids[one] for one in found[np.argsort(shelf.seq[found])]]


def _members(state: EngineState, slot: int, themes: Sequence[str], *, waiting: bool) -> Slots:
    shelf = state.shelf
    inside = np.zeros(len(shelf.seq), bool)
    for theme in themes:
        inside |= shelf.origin == state.themes.by_id[theme].ordinal
    if waiting:
        inside |= (shelf.origin < 0) & (shelf.codes == shelf.codes[slot])
    return np.flatnonzero(inside)


def _latest(state: EngineState, slot: int, slots: Slots) -> Slots:
    """Those that came before the concern, at most so many; a slot that is free has no arrival number."""
    seq = state.shelf.seq[slots]
    slots = slots[(seq > 0) & (seq < state.shelf.seq[slot])]
    if len(slots) <= LOOKED_AT:
        return slots
    return slots[np.argpartition(state.shelf.seq[slots], -LOOKED_AT)[-LOOKED_AT:]]
