"""The first phases of a pass: follow the background.

``fit`` looks for new directions when the stream has grown, ``project`` lays what is held along them, a piece at
a time, and ``adopt`` takes them up together with new origins and thresholds and moves the window on. Until
``adopt`` everything is decided in the old space, so a concern never meets themes of another one.
"""

from __future__ import annotations

import numpy as np

from models.themes.background import (
    COLD_ROUNDS,
    WARM_ROUNDS,
    Space,
    calibrate,
    centred,
    first_directions,
    nearer_directions,
)
from models.themes.changes import CentroidsChanged
from models.themes.quanta import Step, product_us
from models.themes.shelf import Slots
from models.themes.state import EngineState, Place, Prepared

_CHUNK = 2048
"""Vectors projected at once: 384 x 64 each, about six milliseconds."""


def fit(state: EngineState, place: Place) -> Step:
    """One round of the search for the sample's directions, if it is time for one."""
    policy = state.policy
    if not place:
        if state.space is not None and state.seen < state.next_fit:
            return Step()
        state.next_fit = state.seen + min(max(policy.pass_every, state.seen // 4), 10 * policy.pass_every)
        warm = None if state.space is None else state.space.basis
        state.next_basis = first_directions(warm, state.shelf.vectors.shape[1], policy.components)
        place = [COLD_ROUNDS if warm is None else WARM_ROUNDS]
    assert state.next_basis is not None
    parts = [state.shelf.vectors[slots] for slots in _sample_by_group(state).values()]
    state.next_basis = nearer_directions(state.next_basis, parts)
    state.dirty["space"].add("next")
    work = 2 * product_us(len(state.sample), *state.next_basis.shape, wide=True) + policy.components**2
    return Step(place=[place[0] - 1] if place[0] > 1 else None, work_us=work)


def project(state: EngineState, place: Place) -> Step:
    """A piece of what is held along the next directions: vectors by arrival, then themes by birth."""
    if state.next_basis is None:
        return Step()
    ready = _prepared(state)
    shelf, slots = state.shelf, state.shelf.slots()
    upto, themes = place or (0, 0)
    left = slots[shelf.seq[slots] > upto][:_CHUNK]
    space, shape = Space(state.next_basis, {}), state.next_basis.shape
    if len(left):
        ready.raw[left] = space.project(shelf.vectors[left])
        ready.upto = int(shelf.seq[left[-1]])
        return Step(place=[ready.upto, themes], work_us=product_us(len(left), *shape, wide=True))
    until = min(themes + _CHUNK, len(state.themes.origins))
    ready.sums[themes:until] = state.themes.projected(space, range(themes, until))
    work = product_us(until - themes, *shape, wide=True)
    return Step(place=[upto, until] if until < len(state.themes.origins) else None, work_us=work)


def _prepared(state: EngineState) -> Prepared:
    """What has been laid along the next directions, with room for what came since."""
    size = state.policy.components
    if state.prepared is None:
        state.prepared = Prepared(np.zeros((0, size)), np.zeros((0, size)))
    ready = state.prepared
    for name, needed in (("raw", len(state.shelf.seq)), ("sums", len(state.themes.origins))):
        rows = getattr(ready, name)
        if len(rows) < needed:
            setattr(ready, name, np.concatenate([rows, np.zeros((needed - len(rows), size))]))
    return ready


def prepare_all(state: EngineState) -> None:
    """Lay everything along the next directions at once, after a restore in the middle of a pass."""
    assert state.next_basis is not None
    ready, slots, space = _prepared(state), state.shelf.slots(), Space(state.next_basis, {})
    ready.raw[slots] = space.project(state.shelf.vectors[slots])
    ready.sums[:] = state.themes.projected(space, range(len(state.themes.origins)))
    ready.upto = state.seen


def lay(state: EngineState, slot: int) -> None:
    """Lay a vector that is held again along the next directions, if a pass looks for any."""
    if state.next_basis is not None:
        vectors = state.shelf.vectors[slot : slot + 1]
        _prepared(state).raw[slot] = Space(state.next_basis, {}).project(vectors)[0]


def adopt(state: EngineState, _place: Place) -> Step:
    """Take up the next directions, if any; new origins, thresholds and window; let go of old vectors."""
    shelf, policy = state.shelf, state.policy
    slots, sums = shelf.slots(), None
    if state.next_basis is not None:
        sums = _take_directions(state, slots)
    assert state.space is not None
    basis = state.space.basis
    origins = state.background.origins(basis, policy.group_weight)
    sample = {group: shelf.raw[at] for group, at in _sample_by_group(state).items()}
    state.space = Space(basis, calibrate(origins, sample, policy))
    state.dirty["space"].update(f"level:{group}" for group in state.space.levels)
    for group, mine in shelf.by_group(slots).items():
        shelf.units[mine] = centred(shelf.raw[mine], 1.0, state.space.level(group).origin)
    state.horizon = max(state.horizon, state.seen - policy.window)
    if sums is None:
        state.themes.recentre(state.space, state.held())
    else:
        state.themes.make_books(state.space, policy.history_weight, state.held(), sums)
    state.release_old()
    roots = [root for book in state.themes.books.values() for root in book.roots]
    work = len(slots) + 2 * len(roots) + 2 * len(state.sample)
    return Step([CentroidsChanged(tuple(sorted(root.theme_id for root in roots)))], None, work)


def _take_directions(state: EngineState, slots: Slots) -> np.ndarray:
    """Make the next directions those that hold; the sums of all themes along them."""
    assert state.next_basis is not None
    ready, shelf, themes = _prepared(state), state.shelf, state.themes
    state.space, state.next_basis, state.prepared = Space(state.next_basis, {}), None, None
    late = slots[shelf.seq[slots] > ready.upto]
    ready.raw[late] = state.space.project(shelf.vectors[late])
    shelf.raw = ready.raw
    stale = [origin.ordinal for origin in themes.origins if origin.changed_at >= state.last_pass]
    ready.sums[stale] = themes.projected(state.space, stale)
    state.dirty["space"].update(("basis", "next"))
    return ready.sums


def _sample_by_group(state: EngineState) -> dict[str, Slots]:
    """Slots of the background sample by group, in hash order."""
    slots = np.fromiter(state.sample.values(), np.int64, len(state.sample))
    return state.shelf.by_group(slots[np.argsort(state.shelf.names[slots])])
