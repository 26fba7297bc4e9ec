"""Themes with two centres: found by two means, believed when members that did not choose the cut show it too.

Half of a theme's members, chosen by hash, are cut in two by 2-means; the other half is projected on the line
between the two centres and cut where that line is halved, and the other way round. What is measured is how far
apart the two parts lie along the line, in standard deviations within a part (``gap``). Members that did not
choose the line know nothing of its accidents, so of one cloud they show at most what a flat distribution cut
in half does: √12 = 3.5 (a bell curve: 2.7). Cross-fitting as in Tibshirani & Walther 2005, "Cluster validation by
prediction strength"; the distance is Ashman's D (1994) of the two parts. All of it is in integers of the grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.themes.assigning import cosine, moved
from models.themes.bars import bars_of
from models.themes.centroids import Book, Origin
from models.themes.changes import CentroidsChanged, Change, Split
from models.themes.founding import bear, open_all
from models.themes.grid import GRID, ONE, Floats, Units, on_grid_one
from models.themes.placing import free
from models.themes.proposals import may_split, propose_split
from models.themes.quanta import Step
from models.themes.refine import Home
from models.themes.shelf import Slots
from models.themes.state import EngineState, Place

_POWER_ROUNDS = 6
_LLOYD_ROUNDS = 8
_PEAK = 2.0**22
_FLAT_MILLI = 3_464
"""Gap of a flat cloud of very many members: √12."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cut:
    """Two parts of a theme, by where its members ``units`` ``(n, c)`` are cut; ``fold`` ``(n,)`` halves them.

    What is asked of it is computed when it is asked: of most themes the first answer says that they are one.
    """

    units: Units
    fold: Mask
    side: Mask

    @cached_property
    def smaller(self) -> Mask:
        """Which members are in the smaller part ``(n,)``."""
        return self.side if 2 * int(self.side.sum()) <= len(self.side) else ~self.side

    @cached_property
    def alike(self) -> int:
        """How alike the parts are, in 1/ONE, what their sizes hide put right."""
        return _alike(self.units[self.side], self.units[~self.side])

    @cached_property
    def gap_milli(self) -> int:
        """How far apart the parts are, each half of the members measured on the line of the other."""
        sides = [_as_cut_by(self.units, chosen) for chosen in (self.fold, ~self.fold)]
        return gap_milli(self.units, self.fold, sides)


def two_means(units: Units) -> Mask:
    """One of two parts of ``units`` ``(n, c)``: those on the positive side of the cut.

    Starts from the direction in which the members differ most, so it has no seeds to choose.
    """
    mean = units.sum(axis=0, dtype=np.float64)
    apart = units.astype(np.float64) - np.rint(mean / max(len(units), 1))
    side: Mask = apart @ _direction(apart) > 0.0
    for _ in range(_LLOYD_ROUNDS):
        if side.all() or not side.any():
            return side
        one, two = (on_grid_one(_scaled(units[part].sum(axis=0, dtype=np.float64))) for part in (side, ~side))
        again: Mask = units @ one > units @ two
        if np.array_equal(again, side):
            break
        side = again
    return side


def _direction(apart: Floats) -> Floats:
    """About the leading principal direction of rows around zero, on the grid; power iteration, rounded each time."""
    far = int(np.square(apart).sum(axis=1).argmax())
    found = on_grid_one(_scaled(apart[far])).astype(np.float64)
    for _ in range(_POWER_ROUNDS):
        found = on_grid_one(_scaled(np.rint(apart @ found / GRID) @ apart)).astype(np.float64)
    return found


def _scaled(row: Floats) -> Floats:
    """The row as integers below 2**22, so that its squares add up exactly."""
    peak = float(np.abs(row).max(initial=0.0))
    return row if peak == 0.0 else np.asarray(np.rint(row * (_PEAK / peak)))


def gap_milli(units: Units, fold: Mask, sides: Sequence[Mask]) -> int:
    """How far apart two parts lie along the line between them, in thousandths of the spread within a part.

    ``fold`` ``(n,)`` halves the members ``units`` ``(n, c)``; ``sides`` are the parts ``(n,)`` as the members
    inside the fold cut them, and as those outside do. Each line comes from one half and is measured on the
    other; the mean of the two. 0 where a part has fewer than two members.
    """
    found = 0.0
    for chosen, side in zip((fold, ~fold), sides, strict=True):
        line = _line(units[chosen & side], units[chosen & ~side])
        along = (units[~chosen] @ line).astype(np.int64)
        found += _apart(along[side[~chosen]], along[~side[~chosen]])
    return int(500.0 * found)


def gap_needed_milli(members: int) -> int:
    """The gap that one flat cloud of so many members shows at most once in a hundred times (simulated, 16 to 300)."""
    return int(_FLAT_MILLI * (1.0 + 1.5 / np.sqrt(members) + 6.0 / members))


def _line(one: Units, two: Units) -> Units:
    """From the mean of some rows to that of others, on the grid."""
    if not len(one) or not len(two):
        return np.zeros(one.shape[1], np.float32)
    means = (np.rint(_PEAK / GRID * part.sum(axis=0, dtype=np.float64) / len(part)) for part in (one, two))
    return on_grid_one(_scaled(next(means) - next(means)))


def _apart(one: NDArray[np.int64], two: NDArray[np.int64]) -> float:
    """Distance of two means in standard deviations within a part (Ashman's D up to √2)."""
    if min(len(one), len(two)) < 2:
        return 0.0
    distance = int(one.sum()) / len(one) - int(two.sum()) / len(two)
    within = sum(int(np.square(p).sum()) - int(p.sum()) ** 2 / len(p) for p in (one, two))
    return abs(distance) / float(np.sqrt(max(within / (len(one) + len(two) - 2), 1.0)))


def cut_in_two(units: Units, fold: Mask) -> Cut | None:
    """Where a theme with members ``units`` ``(n, c)`` would be cut; None when there is nothing to cut."""
    side = two_means(units)
    return None if side.all() or not side.any() else Cut(units, fold, side)


def _as_cut_by(units: Units, chosen: Mask) -> Mask:
    """All members cut in two as those ``chosen`` cut themselves."""
    side = two_means(units[chosen])
    one, two = (_centre(units[chosen][part]) for part in (side, ~side))
    found: Mask = units @ one > units @ two
    return found


def _centre(units: Units) -> Units:
    return on_grid_one(_scaled(units.sum(axis=0, dtype=np.float64)))


def _alike(one: Units, two: Units) -> int:
    """The mean similarity across two sets of rows over the mean within them, in 1/ONE, as if both were large."""
    sums = [part.sum(axis=0, dtype=np.float64) for part in (one, two)]
    across = float(sums[0] @ sums[1]) / (len(one) * len(two))
    inside = [
        (float(total @ total) - ONE * len(part)) / max(len(part) * (len(part) - 1), 1)
        for total, part in zip(sums, (one, two), strict=True)
    ]
    within = np.sqrt(max(inside[0], ONE / 20) * max(inside[1], ONE / 20))
    return int(min(across / float(within), 1.0) * ONE)


# -- in a pass -------------------------------------------------------------------------------------------


def splits(state: EngineState, place: Place) -> Step:
    """Split themes that changed since the last pass, one at a time; ``place`` is (group, theme) asked about last."""
    last_group, last = place or ("", -1)
    for group, book in state.themes.books.items():
        if group < last_group:
            continue
        after = last if group == last_group else -1
        changed = np.flatnonzero((book.changed >= state.checked_at) & (book.ordinals > after))
        for row in changed[np.argsort(book.ordinals[changed])].tolist():
            root = book.roots[row]
            slots = state.members_in_window(root)
            if len(slots) < 2 * state.policy.split_members:
                continue
            mine = free(state, slots)
            changes = [] if root.retired else list(_split(state, root, mine))
            return Step(changes, [group, root.ordinal], 1_000 + 10 * len(mine))
    return Step()


def _fold(state: EngineState, slots: Slots) -> Mask:
    """Half of the concerns, by hash, so that it does not depend on how they came."""
    return np.asarray(state.shelf.names[slots] % np.uint64(2) == 0)


def _split(state: EngineState, root: Origin, slots: Slots) -> Iterator[Change]:
    policy, may = state.policy, may_split(state, root)
    cut = None if may == "never" else cut_in_two(state.shelf.units[slots], _fold(state, slots))
    if cut is None or int(cut.smaller.sum()) < policy.split_members:
        return
    needed, far = int(policy.split_alike * ONE), gap_needed_milli(len(slots))
    if cut.alike >= needed:  # before anything is asked that takes longer
        return
    needed = min(needed, bars_of(state, root.group)[0].sure)
    if cut.alike >= needed or cut.gap_milli < far:
        return
    going = slots[cut.smaller]
    if may == "propose":
        names = [state.shelf.ids[slot] for slot in going]
        yield from propose_split(state, root, names, cosine(cut.alike), cosine(needed))
        return
    for slot in going:
        state.leave(int(slot))
    new = bear(state, root.group, going)
    open_all(state, [(new, going)])
    yield Split(
        theme_id=root.theme_id,
        new_theme=new.theme_id,
        group=root.group,
        members=tuple(state.shelf.ids[slot] for slot in going),
        stayed=len(slots) - len(going),
        similarity=cosine(cut.alike),
        needed=cosine(needed),
        gap_milli=cut.gap_milli,
        gap_needed_milli=far,
    )
    yield from _told(state, state.themes.books[root.group], root, new, going)
    yield CentroidsChanged((root.theme_id, new.theme_id))


def _told(state: EngineState, book: Book, root: Origin, new: Origin, slots: Slots) -> Iterator[Change]:
    """The moves of a split, which has been done."""
    was, row = book.row_of[root.ordinal], book.row_of[new.ordinal]
    for slot, similar in zip(slots.tolist(), state.shelf.units[slots] @ book.units.T, strict=True):
        mine = int(similar[row])
        similar[row] = -np.inf
        second = int(similar.argmax())
        yield moved(state, slot, book, was, Home(0, row, mine, second, int(similar[second])), "split")


def divided(state: EngineState, one: Origin, two: Origin) -> bool:
    """Whether two themes are two, whatever their centroids say: their members lie apart along the line between them.

    Asked of themes with members enough in the window. It takes less than a split does, so that what was split
    does not merge again unless what divided it has gone.
    """
    ours, theirs = (state.members_in_window(root) for root in (one, two))
    if min(len(ours), len(theirs)) < state.policy.split_members:
        return False
    mine = np.concatenate((ours, theirs))
    side = np.arange(len(mine)) < len(ours)
    gap = gap_milli(state.shelf.units[mine], _fold(state, mine), (side, side))
    return gap >= state.policy.merge_gap_milli


def would_part(state: EngineState, one: Origin, two: Origin) -> bool:
    """Whether two themes, if they were one, would be split again as they are now."""
    ours, theirs = (state.members_in_window(root) for root in (one, two))
    if min(len(ours), len(theirs)) < state.policy.split_members:
        return False
    mine = np.concatenate((ours, theirs))
    side = np.arange(len(mine)) < len(ours)
    units, fold = state.shelf.units[mine], _fold(state, mine)
    apart = _alike(units[side], units[~side]) < int(state.policy.split_alike * ONE)
    return apart and gap_milli(units, fold, (side, side)) >= gap_needed_milli(len(mine))
