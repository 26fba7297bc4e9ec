"""The first phases of a pass: follow the background.

``fit`` looks for new directions when the stream has grown, ``project`` lays what is held along them, a piece at
a time, and ``adopt`` takes them up together with new origins and thresholds and moves the window on. Until
``adopt`` everything is decided in the old space, so a concern never meets themes of another one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.themes.background import (
    COLD_ROUNDS,
    WARM_ROUNDS,
    Level,
    Space,
    calibrate,
    centred,
    first_directions,
    near,
    nearer_directions,
)
from models.themes.centroids import Origin
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
        state.next_fit = state.seen + min(max(policy.refit_every, state.seen // 4), 10 * policy.pass_every)
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
    space, shape = _next_space(state), state.next_basis.shape
    if len(left):
        ready.raw[left] = space.project(shelf.vectors[left])
        ready.upto = int(shelf.seq[left[-1]])
        return Step(place=[ready.upto, themes], work_us=product_us(len(left), *shape, wide=True))
    until = min(themes + _CHUNK, len(state.themes.origins))
    ready.sums[themes:until] = state.themes.projected(space, range(themes, until))
    work = product_us(until - themes, *shape, wide=True)
    return Step(place=[upto, until] if until < len(state.themes.origins) else None, work_us=work)


def _next_space(state: EngineState) -> Space:
    assert state.next_basis is not None
    return Space(state.next_basis.astype(np.int16), {})


def _prepared(state: EngineState) -> Prepared:
    """What has been laid along the next directions, with room for what came since."""
    size = state.policy.components
    if state.prepared is None:
        state.prepared = Prepared(np.zeros((0, size), np.int32), np.zeros((0, size)))
    ready = state.prepared
    for name, needed in (("raw", len(state.shelf.seq)), ("sums", len(state.themes.origins))):
        rows = getattr(ready, name)
        if len(rows) < needed:
            setattr(ready, name, np.concatenate([rows, np.zeros((needed - len(rows), size), rows.dtype)]))
    return ready


def prepare_all(state: EngineState) -> None:
    """Lay everything along the next directions at once, after a restore in the middle of a pass."""
    assert state.next_basis is not None
    ready, slots, space = _prepared(state), state.shelf.slots(), _next_space(state)
    ready.raw[slots] = space.project(state.shelf.vectors[slots])
    ready.sums[:] = state.themes.projected(space, range(len(state.themes.origins)))
    ready.upto = state.seen


def lay(state: EngineState, slot: int) -> None:
    """Lay a vector that is held again along the next directions, if a pass looks for any."""
    if state.next_basis is not None:
        vectors = state.shelf.vectors[slot : slot + 1]
        _prepared(state).raw[slot] = _next_space(state).project(vectors)[0]


def adopt(state: EngineState, _place: Place) -> Step:
    """Take up the next directions, if any; new origins, thresholds and window; let go of old vectors."""
    policy, horizon = state.policy, max(state.horizon, state.seen - state.policy.window)
    slots, sums = state.shelf.slots(), None
    before = {} if state.space is None else state.space.levels
    if state.next_basis is not None:
        sums, before = _take_directions(state, slots), {}
    new = _levels(state, before)
    for group, mine in state.shelf.by_group(slots).items():
        if group in new:
            state.shelf.lay_anew(mine, centred(state.shelf.raw[mine], 1.0, new[group].origin))
    if sums is None:
        changed = _recentre(state, new, horizon)
    else:
        state.horizon = horizon
        state.themes.make_books(_space(state), policy.history_weight, state.held(), sums)
        changed = [root for book in state.themes.books.values() for root in book.roots]
    state.release_old()
    themes = tuple(sorted(root.theme_id for root in changed))
    work = len(slots) + 2 * len(changed) + 2 * len(state.sample)
    return Step([CentroidsChanged(themes)] if themes else [], None, work)


def _levels(state: EngineState, before: Mapping[str, Level]) -> dict[str, Level]:
    """Calibrate; the levels that differ from those ``before``. One that is nearly the same stays, because every
    centroid and every vector of the group would have to be made again for it."""
    space, policy = _space(state), state.policy
    origins = state.background.origins(space.basis, policy.group_weight)
    sample = {group: state.shelf.raw[at] for group, at in _sample_by_group(state).items()}
    found = calibrate(origins, sample, policy)
    new = {g: level for g, level in found.items() if g not in before or not near(before[g], level)}
    state.space = Space(space.basis, {**found, **before, **new})
    state.dirty["space"].update(f"level:{group}" for group in new)
    return new


def _recentre(state: EngineState, new: Mapping[str, Level], horizon: int) -> list[Origin]:
    """Move the window's start to ``horizon`` and take up ``new`` levels; the themes that changed."""
    shelf = state.shelf
    window = shelf.by_group(state.window())
    leaving = {group: slots[shelf.seq[slots] <= horizon] for group, slots in window.items()}
    changed = [
        root
        for group, slots in leaving.items()
        if group not in new
        for root in state.themes.forget(group, state.owned(slots))
    ]
    state.horizon = horizon
    staying = {group: slots[shelf.seq[slots] > horizon] for group, slots in window.items()}
    nobody = np.empty(0, np.int64)
    for group, level in sorted(new.items()):
        changed += state.themes.recentre(group, level, state.owned(staying.get(group, nobody)))
    return changed


def _space(state: EngineState) -> Space:
    assert state.space is not None
    return state.space


def _take_directions(state: EngineState, slots: Slots) -> np.ndarray:
    """Make the next directions those that hold; the sums of all themes along them."""
    assert state.next_basis is not None
    ready, shelf, themes = _prepared(state), state.shelf, state.themes
    state.space, state.next_basis, state.prepared = _next_space(state), None, None
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
