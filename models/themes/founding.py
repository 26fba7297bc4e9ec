"""Found themes: the origin with its members, and its centroid. Who founds one, and why: ``passes``, ``splits``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.themes.assigning import assigned
from models.themes.births import in_touch_with, linked
from models.themes.centroids import Origin
from models.themes.changes import Born, CentroidsChanged, Change
from models.themes.placing import free
from models.themes.shelf import Slots
from models.themes.state import EngineState


def bear(state: EngineState, group: str, slots: Slots) -> Origin:
    """A theme of held concerns that are in none; its centroid is to be opened next."""
    shelf = state.shelf
    times = [shelf.at_s[slot] for slot in slots]
    founders = [shelf.ids[slot] for slot in slots]
    origin = state.themes.born(founders, group, shelf.vectors[slots], min(times), max(times))
    for slot in slots:
        state.join(int(slot), origin, counted=True)
    state.touch(origin)
    state.dirty["sums"].add(origin.theme_id)
    return origin


def open_all(state: EngineState, born: list[tuple[Origin, Slots]]) -> None:
    """Give new themes of one group their centroids."""
    assert state.space is not None
    shelf = state.shelf
    raws = [shelf.raw[slots].astype(np.float64) for _, slots in born]
    inside = [shelf.seq[slots] > state.horizon for _, slots in born]
    recent = np.stack([raw[here].sum(axis=0) for raw, here in zip(raws, inside, strict=True)])
    state.themes.open(
        [origin for origin, _ in born],
        np.stack([raw.sum(axis=0) for raw in raws]),
        np.array([float(len(raw)) for raw in raws]),
        (recent, np.array([float(here.sum()) for here in inside])),
        state.space.level(born[0][0].group),
        state.policy.history_weight,
    )


def announce(state: EngineState, origin: Origin, slots: Slots) -> Iterator[Change]:
    """What is said of a theme just founded: that it is born, and who is in it."""
    book = state.themes.books[origin.group]
    own = book.row_of[origin.ordinal]
    yield Born(origin.theme_id, origin.group, tuple(state.shelf.ids[slot] for slot in slots))
    for slot, similar in zip(slots, state.shelf.units[slots] @ book.units.T, strict=True):
        yield assigned(state, int(slot), book, own, similar, arrival=False)


def gathering(state: EngineState, slot: int) -> list[Change]:
    """A theme of a waiting concern and those that wait near it, if they are enough: not after the next pass."""
    shelf, policy, group = state.shelf, state.policy, state.shelf.groups[slot]
    pool = state.pools.get(group, {})
    if state.space is None or len(pool) < policy.gather or int(shelf.seq[slot]) not in pool:
        return []
    slots = free(state, np.fromiter(pool.values(), np.int64, len(pool)))
    threshold = int(policy.gather_share * state.space.level(group).threshold)
    similar = shelf.units.take(slots, axis=0) @ shelf.units[slot]
    near = slots[similar >= int(policy.gather_near * threshold)]
    if len(near) < policy.gather or slot not in near:
        return []
    near = near[in_touch_with(int((near == slot).argmax()), shelf.units[near], threshold)]
    if len(near) < policy.gather:  # mostly
        return []
    groups = linked(shelf.units[near], threshold, policy.gather)
    founders = next((near[rows] for rows in groups if slot in near[rows]), None)
    if founders is None:
        return []
    origin = bear(state, group, founders)
    open_all(state, [(origin, founders)])
    return [*announce(state, origin, founders), CentroidsChanged((origin.theme_id,))]
