"""Put concerns where orders want them, exactly: out of one theme, into another, or back to waiting.

In:    the engine's state and what is to be where.   Out: what changed, in order.
A concern that an order is about is held for ever (its vector with it), so that it can be moved without rest. One of
which neither the engine nor the order has the vector moves in the counts alone: means stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from models.themes.centroids import Origin
from models.themes.changes import CentroidsChanged, Change, Returned, Steered, SteeredWhy, Unthemed, Waiting
from models.themes.grid import ONE, Grid
from models.themes.members import UNTHEMED, WAITING, concern_hash
from models.themes.recalibrate import lay
from models.themes.shelf import Slots
from models.themes.state import EngineState
from models.themes.whereabouts import StatePlaces

Unit = tuple[str, ...]


def free(state: EngineState, slots: Slots) -> Slots:
    """Those of ``slots`` that the engine may move of its own accord: no order is about them."""
    named = [slot for one in state.constraints.concerns if (slot := state.shelf.slot_of.get(one)) is not None]
    return slots[~np.isin(slots, named)] if named else slots


def hold(state: EngineState, concern: str, vector: Grid) -> None:
    """Hold a themed concern again that the window has left behind; its theme has its vector already."""
    name = concern_hash(concern)
    ordinal = state.members.get(name)
    if ordinal is None or ordinal < 0 or concern in state.shelf.slot_of:
        return
    assert state.space is not None
    shelf, root = state.shelf, state.themes.root(ordinal)
    taken = set(shelf.seq[shelf.slots()].tolist())
    # Its own arrival number, and those of all that was let go with it, are free: it stays outside of the window.
    seq = next(number for number in range(state.horizon, 0, -1) if number not in taken)
    slot = shelf.put(concern, name, seq, root.group, root.last_at_s, vector)
    state.place(slot, ordinal)
    state.locate(slot)
    lay(state, slot)
    state.offer(slot)
    state.dirty["vectors"].add(concern)


def put(state: EngineState, concern: str, root: Origin, why: SteeredWhy) -> list[Change]:
    """Make a concern a member of ``root`` itself; nothing if it is or if nobody knows it."""
    name = concern_hash(concern)
    ordinal = state.members.get(name)
    if ordinal is None or ordinal == root.ordinal:
        return []
    left = _take_out(state, concern, ordinal)
    slot = state.shelf.slot_of.get(concern)
    similarity = None
    if slot is not None:
        state.join(slot, root)
        similarity = _likeness(state, slot, root)
    else:  # in the counts alone: the mean stays where it is
        mean = root.sum // max(root.count, 1)
        assert state.space is not None
        state.count(root, mean, state.space.project(mean), 1, in_window=False)
        state.members.put(name, root.ordinal)
    changes: list[Change] = []
    if root.retired:
        state.retire(root, False)
        changes.append(Returned(root.theme_id))
    origin = None if ordinal < 0 else state.themes.origins[ordinal].theme_id
    changes.append(Steered(concern, origin, root.theme_id, similarity, why))
    return [*changes, CentroidsChanged(tuple(sorted({root.theme_id, *left})))]


def _take_out(state: EngineState, concern: str, ordinal: int) -> list[str]:
    """Take a concern out of its theme's sums; the theme that lost it, if there is one."""
    if ordinal < 0:
        return []
    origin = state.themes.origins[ordinal]
    slot = state.shelf.slot_of.get(concern)
    if slot is not None:
        state.leave(slot)
    else:
        assert state.space is not None
        mean = origin.sum // origin.count
        state.count(origin, mean, state.space.project(mean), -1, in_window=False)
    return [state.themes.root(ordinal).theme_id]


def _likeness(state: EngineState, slot: int, root: Origin) -> float:
    book = state.themes.books[root.group]
    return round(int(book.units[book.row_of[root.ordinal]] @ state.shelf.units[slot]) / ONE, 4)


def put_all(state: EngineState, unit: Iterable[str], root: Origin, why: SteeredWhy) -> list[Change]:
    """Make every concern of a unit a member of ``root``'s family; who is in it already stays with its origin."""
    places = StatePlaces(state)
    outside = (one for one in unit if places.theme_of(one) != root.theme_id)
    return [change for one in outside for change in put(state, one, root, why)]


def rehome(state: EngineState, unit: Sequence[str], why: SteeredWhy) -> list[Change]:
    """A unit must leave its theme: it joins the best other one that is near enough and allowed, or waits."""
    target = _best(state, unit)
    if target is not None:
        return put_all(state, unit, target, why)
    return [change for one in unit for change in _wait(state, one)]


def _best(state: EngineState, unit: Sequence[str]) -> Origin | None:
    """The nearest theme on average that is open, near enough and not forbidden; ties by theme id."""
    shelf = state.shelf
    slots = [slot for one in unit if (slot := shelf.slot_of.get(one)) is not None]
    if not slots or state.space is None:
        return None
    group = shelf.groups[slots[0]]
    book = state.themes.books.get(group)
    if book is None:
        return None
    forbidden = state.constraints.forbidden(unit, StatePlaces(state))
    near = (book.units @ shelf.units[slots].T).sum(axis=1, dtype=np.float64)
    closed = [root.retired or root.theme_id in forbidden for root in book.roots]
    near[np.array(closed, bool)] = -np.inf
    row = int(near.argmax()) if len(near) else 0
    enough = len(near) and near[row] >= len(slots) * state.space.level(group).threshold
    return book.roots[row] if enough else None


def _wait(state: EngineState, concern: str) -> list[Change]:
    """Take a concern out of its theme and let it wait; one whose vector nobody has is without a theme."""
    name = concern_hash(concern)
    ordinal = state.members.get(name)
    if ordinal is None or ordinal < 0:
        return []
    left = _take_out(state, concern, ordinal)
    slot = state.shelf.slot_of.get(concern)
    if slot is None:
        state.members.put(name, UNTHEMED)
        return [Unthemed(concern), CentroidsChanged(tuple(left))]
    shelf = state.shelf
    state.place(slot, WAITING)
    state.members.put(name, WAITING)
    pool = {**state.pools.get(shelf.groups[slot], {}), int(shelf.seq[slot]): slot}
    state.pools[shelf.groups[slot]] = dict(sorted(pool.items()))  # by arrival, as after a restore
    return [Waiting(concern, None, None), CentroidsChanged(tuple(left))]


def repair(state: EngineState) -> list[Change]:
    """Make every constraint hold: gather units, then part what must not be together."""
    if state.space is None or not state.constraints.concerns:
        return []
    units = state.constraints.units()
    changes = [change for unit in units for change in _gather(state, unit)]
    movable = [unit for unit in units if state.constraints.home(unit) is None]
    for unit in sorted(movable, key=lambda one: (_belonging(state, one), one)):
        changes += _part(state, unit)
    return changes


def admit(state: EngineState) -> list[Change]:
    """Let units that have no theme join one that is near enough by now; the rest of a pass leaves them alone."""
    shelf, changes = state.shelf, list[Change]()
    slots = ((one, shelf.slot_of.get(one)) for one in state.constraints.concerns)
    without = [one for one, slot in slots if slot is not None and shelf.origin[slot] < 0]
    for unit in sorted({state.constraints.unit(one) for one in without}):
        changes += _gather(state, unit)
    return changes


def _gather(state: EngineState, unit: Unit) -> list[Change]:
    places = StatePlaces(state)
    known = [one for one in unit if places.knows(one)]
    home = state.constraints.home(unit)
    roots = [root for one in known if (root := places.theme_of(one)) is not None]
    if home is not None and places.has_theme(home[0]):
        target = state.themes.by_id[places.resolve(home[0])]
    elif roots:
        target = state.themes.by_id[min(roots, key=lambda root: (-roots.count(root), root))]
    elif (best := _best(state, known)) is not None:
        return put_all(state, known, best, "nearer")
    else:
        return []
    return put_all(state, known, target, "linked" if home is None else "placed")


def _belonging(state: EngineState, unit: Unit) -> float:
    """How near a unit is to its theme: of two that must part, the one that belongs there less leaves."""
    places, shelf = StatePlaces(state), state.shelf
    held = [(one, shelf.slot_of[one]) for one in unit if one in shelf.slot_of]
    near = [
        _likeness(state, slot, state.themes.by_id[root])
        for one, slot in held
        if (root := places.theme_of(one)) is not None
    ]
    return min(near, default=-1.0)


def _part(state: EngineState, unit: Unit) -> list[Change]:
    """Move a unit out of a theme that is forbidden to it."""
    places = StatePlaces(state)
    roots = {root for one in unit if (root := places.theme_of(one)) is not None}
    if not roots & state.constraints.forbidden(unit, places).keys():
        return []
    return rehome(state, [one for one in unit if places.knows(one)], "apart")
