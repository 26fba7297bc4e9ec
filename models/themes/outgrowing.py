"""A new topic grows out of the theme that its first concerns would join.

In:    a concern on arrival and how near it is to all themes.   Out: the changes of a theme that it founds, or none.
It and the three most like it of the latest concerns found one when each of the four is nearer to the middle of the
other three than to any theme, when hardly any older concern is as near, and when the theme it would join is not
itself just beginning. State: none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.themes.assigning import assigned, moved, runners_up
from models.themes.centroids import Book, Origin
from models.themes.changes import Born, CentroidsChanged, Change
from models.themes.founding import bear, open_all
from models.themes.grid import GRID, Units
from models.themes.members import WAITING
from models.themes.placing import free
from models.themes.proposals import may_split
from models.themes.refine import Home
from models.themes.shelf import Slots
from models.themes.state import EngineState

_COMPANIONS = 3
"""Concerns that found a theme with the one that arrives."""
_LATEST = 16
"""Members of a theme that tell whether it is just beginning, those that came last."""
_FRESH = 0.4
"""Share of the latest concerns, those that came last, that most of these members are then among."""


def outgrown(state: EngineState, slot: int, book: Book, best: int, similar: Units) -> list[Change]:
    """Found a theme of a concern and its companions, if they are one.

    ``similar`` ``(k,)``: it to all themes, of which the one at row ``best`` is nearest.
    """
    assert state.space is not None
    shelf = state.shelf
    if len(book.roots) > state.policy.grow_most:
        return []
    joining = state.space.level(shelf.groups[slot]).threshold
    lately = _lately(state)
    near, companions = _companions(state, slot, state.seen - lately, int(state.policy.outgrow_near * joining))
    if not len(companions):
        return []
    four = np.append(companions, slot)
    joins = similar[best] >= joining
    if not joins and bool((shelf.origin[four] == WAITING).all()):
        return []  # what only waits gathers (``founding``)
    if _to_the_middle(shelf.units[slot], shelf.units[companions]) < similar[best]:  # most end here
        return []
    if joins and _just_began(state, book.roots[best], state.seen - int(_FRESH * lately)):
        return []
    if _as_near(state, slot, near) > state.policy.outgrow_older + _COMPANIONS or not _may_leave(state, four):
        return []
    middles = np.array([_to_the_middle(shelf.units[one], shelf.units[four[four != one]]) for one in four])
    if (middles < (book.units @ shelf.units[four].T).max(axis=0)).any():  # the dearest question, so the last
        return []
    return _founded(state, four)


def _lately(state: EngineState) -> int:
    """How many concerns are the latest ones."""
    policy = state.policy
    return min(max(state.seen // policy.outgrow_part, policy.outgrow_least), policy.outgrow_most)


def _companions(state: EngineState, slot: int, since: int, bar: int) -> tuple[int, Slots]:
    """The latest concerns most like one, at ``bar`` (1/ONE) or more, and how near the last of them is; or nobody."""
    shelf = state.shelf
    near, similar = state.latest.near(shelf, slot, since, bar, 1 + _COMPANIONS)  # it is one of them
    if not len(near):
        return 0, near
    others = near != slot
    if shelf.groups_held > 1:
        others &= shelf.codes[near] == shelf.codes[slot]
    if state.constraints.concerns:
        others &= np.isin(near, free(state, near))
    near, similar = near[others], similar[others]
    first = np.argsort(-similar, kind="stable")[:_COMPANIONS]
    return (int(similar[first[-1]]), near[first]) if len(first) == _COMPANIONS else (0, near[:0])


def _to_the_middle(unit: Units, others: Units) -> float:
    """How near a concern is to the mean of ``others`` ``(n, c)``, in 1/ONE; whole numbers up to the last division."""
    middle = others.sum(axis=0, dtype=np.float64)
    return GRID * float(unit @ middle) / max(float(np.sqrt(middle @ middle)), 1.0)


def _just_began(state: EngineState, root: Origin, since: int) -> bool:
    """Whether most of a theme's last members came after ``since``: it is new, and what comes is its own."""
    last = state.shelf.seq[state.rosters.latest(root.ordinal, _LATEST)]
    return 2 * int(np.count_nonzero(last > since)) > len(last)


def _as_near(state: EngineState, slot: int, near: int) -> int:
    """How many held concerns are as ``near`` (1/ONE) to one, itself not counted."""
    shelf = state.shelf
    found = shelf.units @ shelf.units[slot] >= near  # all slots at once; free ones do not count
    return int(np.count_nonzero(found & (shelf.seq > 0) & (shelf.codes == shelf.codes[slot]))) - 1


def _may_leave(state: EngineState, slots: Slots) -> bool:
    """Whether the engine may take these out of their themes of its own accord."""
    ordinals = {int(state.shelf.origin[slot]) for slot in slots} - {WAITING}
    return all(n < 0 or may_split(state, state.themes.root(n)) == "act" for n in ordinals)


def _founded(state: EngineState, four: Slots) -> list[Change]:
    shelf = state.shelf
    before = [int(shelf.origin[slot]) for slot in four]
    left = [state.themes.root(ordinal) if ordinal >= 0 else None for ordinal in before]
    for slot, root in zip(four.tolist(), left, strict=True):
        if root is not None:
            state.leave(slot)
    new = bear(state, shelf.groups[four[0]], four)
    open_all(state, [(new, four)])
    names = {new.theme_id, *(root.theme_id for root in left if root is not None)}
    born = Born(new.theme_id, new.group, tuple(shelf.ids[slot] for slot in four), outgrown=True)
    return [born, *_told(state, new, four, left), CentroidsChanged(tuple(sorted(names)))]


def _told(state: EngineState, new: Origin, four: Slots, left: list[Origin | None]) -> Iterator[Change]:
    """Where each founder is now; the last of them has just arrived."""
    book = state.themes.books[new.group]
    row = book.row_of[new.ordinal]
    for slot, root in zip(four.tolist(), left, strict=True):
        similar = book.units @ state.shelf.units[slot]
        second = next(iter(runners_up(similar, row, 1)), None)
        if root is None or second is None:
            yield assigned(state, slot, book, row, similar, arrival=slot == four[-1])
            continue
        home = Home(0, row, int(similar[row]), second, int(similar[second]))
        yield moved(state, slot, book, book.row_of[root.ordinal], home)
