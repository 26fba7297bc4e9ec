"""Split a theme by examples: they found a theme of their own, and what is nearer to them than to the rest follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.themes.centroids import Origin
from models.themes.changes import Born, Change, Ordered
from models.themes.constraints import By
from models.themes.grid import ONE
from models.themes.noting import founders_of, note_split
from models.themes.placing import free, put
from models.themes.state import EngineState
from models.themes.whereabouts import StatePlaces


def split_off(state: EngineState, theme: str, examples: Sequence[str], by: By) -> Iterator[Change]:
    """Found a theme of the examples (with what is linked to them), wherever they are now, and keep them there.

    Where a person had put one of them before, this is the later word: the earlier place is forgotten.

    Members of ``theme`` in the window that are nearer to it by the margin of a move follow. The two themes are not
    merged by the engine again.
    """
    places, old = StatePlaces(state), state.themes.by_id[theme]
    founders = [one for one in founders_of(examples, state.constraints) if places.knows(one)]
    new = _founded(state, old, founders)
    yield Born(new.theme_id, new.group, tuple(founders))
    note_split(theme, new.theme_id, examples, by, state.constraints)
    for one in founders:
        yield from put(state, one, new, "split")
    followers = list(_followers(state, old, new))
    for one in followers:
        yield from put(state, one, new, "split")
    yield Ordered("split", theme, new.theme_id, (*founders, *followers))


def _founded(state: EngineState, old: Origin, founders: Sequence[str]) -> Origin:
    """A theme without members yet, in its group's book."""
    empty = np.zeros((0, len(old.sum)), np.int16)
    new = state.themes.born(list(founders), old.group, empty, old.born_at_s, old.last_at_s)
    state.touch(new)
    state.dirty["sums"].add(new.theme_id)
    assert state.space is not None
    nothing, nobody = np.zeros((1, state.policy.components)), np.zeros(1)
    level, weight = state.space.level(new.group), state.policy.history_weight
    state.themes.open([new], nothing, nobody, (nothing, nobody), level, weight)
    return new


def _followers(state: EngineState, old: Origin, new: Origin) -> Iterator[str]:
    """Members of the old theme that the new one is clearly nearer to, as both are once the examples have gone."""
    book = state.themes.books[old.group]
    slots = free(state, state.window())
    root_of = np.array([state.themes.root(i).ordinal for i in range(len(state.themes.origins))])
    mine = slots[root_of[state.shelf.origin[slots]] == old.ordinal]
    units = state.shelf.units[mine]
    gained = units @ book.units[book.row_of[new.ordinal]] - units @ book.units[book.row_of[old.ordinal]]
    for slot in mine[gained > int(state.policy.move_margin * ONE)]:
        yield state.shelf.ids[int(slot)]
