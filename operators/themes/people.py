"""Who is in which theme: how many concerns of each person, at about 12 bytes a person and theme.

Derived from the concerns, so nothing here is saved; a person is a number (``concerns.who_is``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FOLD_AT = 32
_FOLD_SHARE = 16
"""People that wait for folding, at most: so many, or this part of all of the theme."""


class Crowd:
    """The people of one theme with their number of concerns; the latest in a dictionary, the rest in sorted arrays."""

    __slots__ = ("_counts", "_recent", "_who", "distinct")

    def __init__(self) -> None:
        self.distinct = 0
        self._recent: dict[int, int] = {}
        self._who: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._counts: NDArray[np.int32] = np.empty(0, np.int32)

    def add(self, who: int, by: int) -> None:
        """Count a concern of a person (``by`` 1), or take one out (-1)."""
        before = self._of(who)
        after = before + by
        self.distinct += (after > 0) - (before > 0)
        self._recent[who] = after
        if len(self._recent) >= max(_FOLD_AT, len(self._who) // _FOLD_SHARE):
            self._fold()

    def names(self) -> NDArray[np.uint64]:
        """Everybody in it ``(n,)``, sorted."""
        self._fold()
        return self._who

    def _of(self, who: int) -> int:
        known = self._recent.get(who)
        if known is not None:
            return known
        at = int(self._who.searchsorted(np.uint64(who)))
        return int(self._counts[at]) if at < len(self._who) and int(self._who[at]) == who else 0

    def _fold(self) -> None:
        if not self._recent:
            return
        touched = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        counts = np.fromiter(self._recent.values(), np.int32, len(self._recent))
        kept = ~np.isin(self._who, touched)
        who = np.concatenate([self._who[kept], touched[counts > 0]])
        order = np.argsort(who)
        self._who = who[order]
        self._counts = np.concatenate([self._counts[kept], counts[counts > 0]])[order]
        self._recent = {}


class People:
    """The people of every theme of one tenant."""

    def __init__(self) -> None:
        self._crowds: dict[str, Crowd] = {}

    def count(self, theme: str, who: int, by: int) -> None:
        """A concern of a person joined a theme (``by`` 1), or left it (-1)."""
        crowd = self._crowds.get(theme)
        if crowd is None:
            crowd = self._crowds[theme] = Crowd()
        crowd.add(who, by)

    def distinct(self, themes: Sequence[str]) -> int:
        """Distinct people in these themes together."""
        crowds = [self._crowds[theme] for theme in themes if theme in self._crowds]
        if len(crowds) <= 1:
            return sum(crowd.distinct for crowd in crowds)
        together: NDArray[Any] = np.unique(np.concatenate([crowd.names() for crowd in crowds]))
        return len(together)
