"""The periodic pass: recalibrate, let themes be born, merge them, and move what is clearly elsewhere.

It comes after a fixed number of concerns, never by batch or clock, and goes in steps bounded by work
(``quanta``), a few before each record; concerns arrive between them as ever. A phase is a function of the live
state and of its ``Place``, where it stands; both are saved, so a restore goes on in the middle of a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from models.themes.assigning import assigned, moved
from models.themes.bars import bars_of
from models.themes.births import alike
from models.themes.centroids import Book, Origin
from models.themes.changes import CentroidsChanged, Change, Merged
from models.themes.folds import folds
from models.themes.founding import announce, bear, open_all
from models.themes.grid import ONE, Units
from models.themes.merges import kept_share, mutual_pairs
from models.themes.placing import admit, free
from models.themes.quanta import Step, gathered, product_us
from models.themes.recalibrate import adopt, fit, project
from models.themes.refine import better_homes, near_enough
from models.themes.rerun import judge
from models.themes.shelf import Slots
from models.themes.splits import divided, splits
from models.themes.state import EngineState, Place
from models.themes.uniting import united

Phase = Callable[[EngineState, Place], Step]

_PIECE_US = 4_000
"""Cost that a step is cut to, where it can be cut."""
_LEAST = 32
"""Themes, or concerns, that a step compares with all themes at least. It is so few from 6,500, or 20,000, themes on;
reading the centroids is what takes long then, and is done once for all of them."""


def begin(state: EngineState) -> None:
    """A pass is due: note when the next one is, and start."""
    policy = state.policy
    early = int(state.seen * policy.pass_growth)
    state.last_pass = state.seen
    state.next_pass = state.seen + min(max(early, policy.warm_up // 4), policy.pass_every)
    state.job = (next(iter(PHASES)), [])


def go_on(state: EngineState) -> list[Change]:
    """What a pass in progress may do before one record; what changed, in order."""
    changes: list[Change] = []
    spent, names = 0, list(PHASES)
    while state.job is not None and spent < state.policy.quantum_us and state.credit_us > 0:
        name, place = state.job
        step = PHASES[name](state, place)
        changes += step.changes
        spent += step.work_us
        state.credit_us -= step.work_us
        following = names.index(name) + 1
        if step.place is not None:
            state.job = (name, step.place)
        else:
            state.job = (names[following], []) if following < len(names) else None
    return gathered(changes)


def births(state: EngineState, place: Place) -> Step:
    """Themes from what waits: ``place`` is (turn, group looked at last, found in it and not yet born).

    What was found is borne a few themes at a time; who left the pool in between is not among them.
    """
    policy = state.policy
    turns = ((1.0, policy.min_members), (policy.loose_share, policy.loose_members))
    turn, last, found = place or (0, None, [])
    share, least = turns[turn]
    if found and last is not None:
        step = _bear_some(state, last, found, least)
        return Step(step.changes, [turn, last, step.place], step.work_us)
    group = min((g for g in state.pools if last is None or g > last), default=None)
    if group is None:
        return Step(place=[turn + 1, None, []] if turn + 1 < len(turns) else None)
    assert state.space is not None
    slots = free(state, np.fromiter(state.pools[group].values(), np.int64, len(state.pools[group])))
    threshold = int(share * state.space.level(group).threshold)
    groups = alike(state.shelf.units[slots], threshold, least)
    seqs = [state.shelf.seq[slots[rows]].tolist() for rows in groups]
    return Step(place=[turn, group, seqs], work_us=len(slots) ** 2 // 100)


def _bear_some(state: EngineState, group: str, found: list[list[int]], least: int) -> Step:
    """The first of the groups ``found``, as many as a step has room for; the place of the rest."""
    pool, born, members = state.pools.get(group, {}), list[tuple[Origin, Slots]](), 0
    themes = len(state.themes.books[group].roots) if group in state.themes.books else 0
    room = max(_PIECE_US // (product_us(1, themes, state.policy.components) + 50), 1)
    done = 0
    while done < len(found) and (members == 0 or members + len(found[done]) <= room):
        slots = free(state, np.array([pool[seq] for seq in found[done] if seq in pool], np.int64))
        done += 1
        if len(slots) >= least:
            born.append((bear(state, group, slots), slots))
            members += len(slots)
    if born:
        open_all(state, born)
    changes = [change for origin, slots in born for change in announce(state, origin, slots)]
    changes.append(CentroidsChanged(tuple(origin.theme_id for origin, _ in born)))
    return Step(changes if born else [], found[done:], members * _PIECE_US // room)


def merges(state: EngineState, place: Place) -> Step:
    """Themes that turned out to be one; the larger one's name stays.

    Asked about are the themes that changed since the last pass, some at a time, and in further rounds those
    that changed since the round before: a burst is born in several parts at once, so one round per pass would
    leave it in parts for days. ``place`` is (round, changed since, whether any merged in this round, group,
    bars of likeness, last theme asked about).
    """
    if not place:
        place = [0, state.checked_at, False, None, None, -1]
        state.checked_at = state.seen
    turn, since, any_merged, group, bars, last = place
    if group is not None:
        book = state.themes.books[group]
        asked = np.sort(book.ordinals[(book.changed >= since) & (book.ordinals > last)])
        if len(asked):
            return _merge_some(state, place, asked.tolist())
    following = min((g for g in state.themes.books if group is None or g > group), default=None)
    if following is not None:
        bars, work_us = bars_of(state, following)
        return Step(place=[turn, since, any_merged, following, list(bars), -1], work_us=work_us)
    if any_merged and turn + 1 < state.policy.merge_rounds:
        since, state.checked_at = state.checked_at, state.seen
        return Step(place=[turn + 1, since, False, None, None, -1])
    return Step()


def _merge_some(state: EngineState, place: Place, asked: list[int]) -> Step:
    """Merge what is mutually nearest among the first of the themes ``asked`` about."""
    turn, since, any_merged, group, (needed, sure), _ = place
    book = state.themes.books[group]
    joining = state.space.level(group).threshold if state.space else 0
    each_us = product_us(2, len(book.roots), 2 * state.policy.components)
    some = asked[: max(_PIECE_US // each_us, _LEAST)]
    kept = kept_share(np.maximum(book.total_n, 1.0), joining)
    pairs = mutual_pairs(book.units, kept, [book.row_of[ordinal] for ordinal in some], needed)
    ones = [
        (a, b, near)
        for a, b, near in pairs
        if near >= sure or not divided(state, book.roots[a], book.roots[b])
    ]
    changes = united(state, group, ones, needed)
    any_merged = any_merged or any(isinstance(change, Merged) for change in changes)
    place = [turn, since, any_merged, group, [needed, sure], some[-1]]
    return Step(changes, place, len(some) * each_us)


def late_joins(state: EngineState, place: Place) -> Step:
    """Concerns of the window without a theme, given up or not, for which there is one by now.

    ``place`` is (group, arrival number of the last concern asked about).
    """
    assert state.space is not None
    last_group, last = place or ("", 0)
    for group, all_slots in state.without_theme():
        seq = state.shelf.seq[all_slots]
        slots = all_slots[(seq > (last if group == last_group else 0)) & (seq <= state.last_pass)]
        book = state.themes.books.get(group)
        if group < last_group or book is None or not book.roots or not len(slots):
            continue
        slots = slots[: _rows_at_once(state, len(book.roots))]
        ours = free(state, slots)
        similar = state.shelf.units[ours] @ book.units.T
        changes = _join_late(state, book, ours, similar) if len(ours) else []
        upto = int(state.shelf.seq[slots[-1]])
        return Step(changes, [group, upto], _rows_us(state, len(slots), len(book.roots)))
    return Step(admit(state))


def _join_late(state: EngineState, book: Book, slots: Slots, similar: Units) -> list[Change]:
    assert state.space is not None
    shelf = state.shelf
    threshold = state.space.level(shelf.groups[slots[0]]).threshold
    patient = shelf.seq[slots] <= state.seen - state.policy.clear_after
    changes, joined = list[Change](), list[str]()
    for i in np.flatnonzero(near_enough(similar, threshold, patient, state.policy)):
        row = int(similar[i].argmax())
        if not book.roots[row].retired:
            changes.append(assigned(state, int(slots[i]), book, row, similar[i], arrival=False))
            state.join(int(slots[i]), book.roots[row])
            joined.append(book.roots[row].theme_id)
    return [*changes, CentroidsChanged(tuple(joined))] if joined else changes


def moves(state: EngineState, place: Place) -> Step:
    """Lloyd sweeps over the window, some concerns at a time; what came since the pass began waits for the next.

    ``place`` is (sweep, arrival number of the last concern asked about, whether any moved in this sweep).
    """
    sweep, last, any_moved = place or (0, 0, False)
    slots = state.window()
    themes = max((len(book.roots) for book in state.themes.books.values()), default=0)
    seq = state.shelf.seq[slots]
    slots = slots[(seq > last) & (seq <= state.last_pass)][: _rows_at_once(state, themes)]
    if not len(slots):
        again = any_moved and sweep + 1 < state.policy.sweeps
        return Step(place=[sweep + 1, 0, False] if again else None)
    changes = [
        change
        for group, mine in state.shelf.by_group(free(state, slots)).items()
        for change in _move(state, state.themes.books[group], mine)
    ]
    place = [sweep, int(state.shelf.seq[slots[-1]]), any_moved or bool(changes)]
    return Step(changes, place, _rows_us(state, len(slots), themes))


def _move(state: EngineState, book: Book, slots: Slots) -> Iterator[Change]:
    margin = int(state.policy.move_margin * ONE)
    rows = state.themes.rows()[state.shelf.origin[slots]]
    changed: set[str] = set()
    for home in better_homes(state.shelf.units[slots], rows, book.units, book.open_rows, margin):
        slot, old, new = int(slots[home.place]), int(rows[home.place]), book.roots[home.row]
        yield moved(state, slot, book, old, home)
        state.leave(slot)
        state.join(slot, new)
        changed |= {book.roots[old].theme_id, new.theme_id}
    if changed:
        yield CentroidsChanged(tuple(sorted(changed)))


def _rows_at_once(state: EngineState, themes: int) -> int:
    """Concerns that a step may compare with so many themes."""
    return max(_PIECE_US * 100 // _rows_us(state, 100, themes), _LEAST)


def _rows_us(state: EngineState, rows: int, themes: int) -> int:
    return product_us(rows, themes, 3 * state.policy.components) // 2 + rows


PHASES: Mapping[str, Phase] = {
    "fit": fit,
    "project": project,
    "adopt": adopt,
    "births": births,
    "splits": splits,
    "folds": folds,
    "merges": merges,
    "late_joins": late_joins,
    "moves": moves,
    "judge": judge,
}
"""The phases of a pass in order; their names are in saved state."""
