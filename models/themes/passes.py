"""The periodic pass: recalibrate, let themes be born, merge them, and move what is clearly elsewhere.

It runs after a fixed number of concerns, never by batch or clock, and its work is bounded by the policy:
the pool, the window and the sample.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.themes.assigning import assigned, cosine, moved
from models.themes.background import Space, calibrate, centred, fit_basis
from models.themes.births import alike
from models.themes.centroids import Origin
from models.themes.changes import Born, CentroidsChanged, Change, Merged
from models.themes.grid import ONE
from models.themes.merges import likeness, likeness_needed, mutual_pairs
from models.themes.refine import better_homes, near_enough
from models.themes.shelf import Slots
from models.themes.state import EngineState


def run_pass(state: EngineState) -> list[Change]:
    """One pass over ``state``; what changed, in order."""
    policy = state.policy
    early = int(state.seen * policy.pass_growth)
    state.last_pass = state.seen
    state.next_pass = state.seen + min(max(early, policy.warm_up // 4), policy.pass_every)
    state.horizon = max(state.horizon, state.seen - policy.window)
    state.release_old()
    recalibrate(state)
    changes = [*births(state), *merges(state), *late_joins(state)]
    for _ in range(policy.sweeps):
        moved = moves(state)
        changes += moved
        if not moved:
            break
    changes.append(
        CentroidsChanged(tuple(sorted(o.theme_id for o in state.themes.origins if o.parent is None)))
    )
    return changes


def recalibrate(state: EngineState) -> None:
    """Follow the background: origins and thresholds at every pass, directions when the stream has grown."""
    shelf, policy = state.shelf, state.policy
    slots = shelf.slots()
    by_group = _sample_by_group(state)
    space = state.space
    if space is None or state.seen >= state.next_fit:
        state.next_fit = state.seen + min(max(policy.pass_every, state.seen // 4), 10 * policy.pass_every)
        parts = [shelf.vectors[at] for at in by_group.values()]
        warm = None if space is None else space.basis
        basis = fit_basis(np.concatenate(parts), parts, warm, policy.components)
        space = Space(basis, {})
        shelf.raw[slots] = space.project(shelf.vectors[slots])
        state.dirty["space"].add("basis")
    origins = state.background.origins(space.basis, policy.group_weight)
    levels = calibrate(origins, {g: shelf.raw[at] for g, at in by_group.items()}, policy)
    state.space = Space(space.basis, levels)
    state.dirty["space"].update(f"level:{group}" for group in levels)
    for group, mine in shelf.by_group(slots).items():
        shelf.units[mine] = centred(shelf.raw[mine], 1.0, levels[group].origin)
    state.make_books()


def _sample_by_group(state: EngineState) -> dict[str, Slots]:
    """Slots of the background sample by group, in hash order."""
    slots = np.fromiter(state.sample.values(), np.int64, len(state.sample))
    return state.shelf.by_group(slots[np.argsort(state.shelf.names[slots])])


def births(state: EngineState) -> list[Change]:
    """Themes from what waits."""
    assert state.space is not None
    born: list[tuple[Origin, Slots]] = []
    policy = state.policy
    for share, least in ((1.0, policy.min_members), (policy.loose_share, policy.loose_members)):
        for group, slots in state.waiting():
            threshold = int(share * state.space.level(group).threshold)
            for rows in alike(state.shelf.units[slots], threshold, least):
                born.append((_bear(state, group, slots[rows]), slots[rows]))
    if born:
        state.make_books()
    return [change for origin, slots in born for change in _announce(state, origin, slots)]


def _bear(state: EngineState, group: str, slots: Slots) -> Origin:
    shelf = state.shelf
    times = [shelf.at_s[slot] for slot in slots]
    founders = [shelf.ids[slot] for slot in slots]
    origin = state.themes.born(founders, group, shelf.vectors[slots], min(times), max(times))
    for slot in slots:
        state.join(int(slot), origin, counted=True)
    state.dirty["themes"].add(origin.theme_id)
    state.dirty["sums"].add(origin.theme_id)
    return origin


def _announce(state: EngineState, origin: Origin, slots: Slots) -> Iterator[Change]:
    book = state.themes.books[origin.group]
    yield Born(origin.theme_id, origin.group, tuple(state.shelf.ids[slot] for slot in slots))
    for slot in slots:
        similar = book.units @ state.shelf.units[slot]
        own = book.row_of[origin.ordinal]
        yield assigned(state, int(slot), book, own, similar, arrival=False)


def late_joins(state: EngineState) -> list[Change]:
    """Concerns of the window without a theme, given up or not, for which there is one by now."""
    assert state.space is not None
    changes: list[Change] = []
    for group, slots in state.without_theme():
        book = state.themes.books.get(group)
        if book is None or not len(slots):
            continue
        similar = state.shelf.units[slots] @ book.units.T
        threshold = state.space.level(group).threshold
        patient = state.shelf.seq[slots] <= state.seen - state.policy.clear_after
        for i in np.flatnonzero(near_enough(similar, threshold, patient, state.policy)):
            row = int(similar[i].argmax())
            if book.roots[row].retired:
                continue
            changes.append(assigned(state, int(slots[i]), book, row, similar[i], arrival=False))
            state.join(int(slots[i]), book.roots[row])
    return changes


def merges(state: EngineState) -> list[Change]:
    """Themes that turned out to be one; the larger one's name stays.

    A burst is born in several parts at once, so one round per pass would leave it in parts for days.
    """
    changes: list[Change] = []
    for _ in range(state.policy.merge_rounds):
        merged = [change for group in state.themes.books for change in _merge_round(state, group)]
        if not merged:
            break
        changes += merged
        state.make_books()
    return changes


def _merge_round(state: EngineState, group: str) -> Iterator[Change]:
    assert state.space is not None
    policy, book = state.policy, state.themes.books[group]
    joining = state.space.level(group).threshold
    similar = likeness(book.units, np.maximum(book.total_n, 1.0), joining)
    needed = likeness_needed(similar, joining, policy)
    for a, b, near in mutual_pairs(similar, needed):
        one, two = book.roots[a], book.roots[b]
        if one.retired or two.retired or one.ordinal in two.apart or two.ordinal in one.apart:
            continue
        sizes = int(book.total_n[a]), int(book.total_n[b])
        if sizes[1] > sizes[0]:
            one, two, sizes = two, one, (sizes[1], sizes[0])
        merge(state, two, one)
        yield Merged(two.theme_id, one.theme_id, cosine(near), cosine(needed), sizes[1], sizes[0])


def merge(state: EngineState, gone: Origin, into: Origin) -> None:
    """Read one root as another; the books must be made again after."""
    gone.parent = into.ordinal
    into.last_at_s = max(into.last_at_s, gone.last_at_s)
    into.apart = sorted({*into.apart, *gone.apart})
    state.dirty["themes"].update((gone.theme_id, into.theme_id))


def moves(state: EngineState) -> list[Change]:
    """One Lloyd sweep over the window."""
    changes: list[Change] = []
    margin = int(state.policy.move_margin * ONE)
    by_group = state.shelf.by_group(state.window())
    for group, book in state.themes.books.items():
        mine = by_group.get(group, np.empty(0, np.int64))
        row_of = np.zeros(len(state.themes.origins), np.int64)
        for origin in state.themes.origins:
            if origin.group == group:
                row_of[origin.ordinal] = book.row_of[state.themes.root(origin.ordinal).ordinal]
        rows = row_of[state.shelf.origin[mine]]
        open_rows = np.array([not root.retired for root in book.roots])
        for home in better_homes(state.shelf.units[mine], rows, book.units, open_rows, margin):
            slot = int(mine[home.place])
            changes.append(moved(state, slot, book, int(rows[home.place]), home))
            state.leave(slot)
            state.join(slot, book.roots[home.row])
    return changes
