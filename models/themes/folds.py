"""Themes that stayed small join the theme that is nearest: most were parts of it, told in other words for a while.

In a pass, before merges. A theme is small if it grows by less than a share of what a typical theme grows by, once
it is old enough. Growth, not size: beside themes that are many and young a typical size is small, then few are folded,
and there are more. Size tells more than likeness here: of two themes near to each other, the smaller had the larger
one's topic half of the time if it was small, never if it was large, however alike they were (``docs/themes.md``).
"""

from __future__ import annotations

import numpy as np

from models.themes.bars import bars_of
from models.themes.centroids import Book, Origin
from models.themes.changes import Change
from models.themes.grid import ONE
from models.themes.merges import kept_share, nearest_themes
from models.themes.quanta import Step, product_us
from models.themes.splits import would_part
from models.themes.state import EngineState, Place
from models.themes.uniting import united

_PIECE_US = 4_000
"""Cost that a step is cut to."""
_MOST = 256
"""Themes of a group that a pass asks about; where there are more, passes take turns."""
_FEWEST = 8
"""Themes from which on a typical one means something."""
_TYPICAL_OF = 256
"""Themes that tell what is typical: the first by id, so any, and always the same."""


def folds(state: EngineState, place: Place) -> Step:
    """Fold small themes; ``place`` is (group, likeness needed, theme asked about last)."""
    group, needed, last = place or (None, 0, -1)
    if group is not None:
        book = state.themes.books[group]
        typical = _typical(state, book)
        asked = [ordinal for ordinal in _asked(state, book, typical) if ordinal > last]
        if asked:
            each_us = product_us(2, len(book.roots), 2 * state.policy.components)
            some = asked[: max(_PIECE_US // each_us, 8)]
            small = [n for n in some if _stayed_small(state, book, state.themes.origins[n], typical)]
            return Step(_fold(state, group, small, needed), [group, needed, some[-1]], len(some) * each_us)
    large = (
        g for g, book in state.themes.books.items() if _FEWEST <= len(book.roots) <= state.policy.grow_most
    )
    following = min((g for g in large if group is None or g > group), default=None)
    if following is None:
        return Step()
    needed, work_us = _needed(state, following)
    return Step(place=[following, needed, -1], work_us=work_us)


def _needed(state: EngineState, group: str) -> tuple[int, int]:
    """How like its nearest a small theme of a group must be, in 1/ONE, and the cost of finding out in microseconds."""
    assert state.space is not None
    policy, joining = state.policy, state.space.level(group).threshold
    bars, work_us = bars_of(state, group)
    way = int(policy.fold_like * (bars.needed - joining))
    return joining + way + int(policy.fold_margin * ONE), work_us


def _asked(state: EngineState, book: Book, typical: int) -> list[int]:
    """Ordinals of the themes that are small whatever their age, by birth: so many of them as a pass asks about."""
    most = state.policy.fold_milli * typical
    few = np.sort(book.ordinals[(1000 * book.total_n < most) & (book.total_n > 0) & book.open_rows])
    if len(few) > _MOST:
        first = state.last_pass // state.policy.pass_every * _MOST % len(few)
        few = np.sort(np.roll(few, -first)[:_MOST])
    return [int(ordinal) for ordinal in few]


def _typical(state: EngineState, book: Book) -> int:
    """The median, over themes as large as births are, of ``_grown``; 0 where there are none."""
    grown = [
        _grown(state, int(members), _middle_age(state, root))
        for root, members in zip(book.roots[:_TYPICAL_OF], book.total_n.tolist(), strict=False)
        if members >= state.policy.min_members
    ]
    return int(np.median(grown)) if grown else 0


def _grown(state: EngineState, members: int, middle_age: int | None) -> int:
    """Members that a theme would have if it were as old as the stream; its age is twice that of its middle member."""
    age = state.seen if middle_age is None else min(2 * middle_age, state.seen)
    return members * state.seen // max(age, 1)


def _middle_age(state: EngineState, root: Origin) -> int | None:
    """How many concerns ago the middle one of the theme's members in the window came; None: there are none."""
    came = state.rosters.middle_since(root.ordinal, state.horizon)
    return None if came is None else state.seen - came


def _fold(state: EngineState, group: str, small: list[int], needed: int) -> list[Change]:
    """Fold those of the themes that stayed ``small`` which have a theme near enough; the nearest first."""
    assert state.space is not None
    book, joining = state.themes.books[group], state.space.level(group).threshold
    rows = np.array([book.row_of[ordinal] for ordinal in small], np.int64)
    if not len(rows):
        return []
    nearest, near = nearest_themes(book.units, kept_share(np.maximum(book.total_n, 1.0), joining), rows)
    pairs, used = list[tuple[int, int, int]](), set[int]()
    for i in sorted(range(len(rows)), key=lambda i: (-near[i], int(rows[i]))):
        pair = int(rows[i]), int(nearest[i])
        if near[i] < needed or used & set(pair):
            continue
        if not would_part(state, book.roots[pair[0]], book.roots[pair[1]]):
            pairs.append((*pair, int(near[i])))
            used |= set(pair)
    return united(state, group, pairs, needed)


def _stayed_small(state: EngineState, book: Book, root: Origin, typical: int) -> bool:
    """Whether a theme that is old enough grew little beside a typical one."""
    policy, middle_age = state.policy, _middle_age(state, root)
    if middle_age is None or middle_age < min(policy.fold_after // 2, state.seen // 4):
        return False
    members = int(book.total_n[book.row_of[root.ordinal]])
    return 1000 * _grown(state, members, middle_age) < policy.fold_milli * typical
