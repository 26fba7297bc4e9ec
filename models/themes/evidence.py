"""What speaks for a concern being in a theme: a few whole numbers, from which ``join_model`` makes a probability.

In: the concern's similarity to the theme and to the runner-up, and what is known of both themes. Out: ``Evidence``,
in the order of ``FEATURES``. All integers, in thousandths; the square root and the quotients behind them are single
IEEE operations on exact integers, so every machine gets the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from models.themes.background import BASIS
from models.themes.centroids import Book
from models.themes.grid import GRID, ONE

_FULL = GRID * BASIS
"""Norm of a projected vector that lies wholly in the decision space."""


class Lexicon(Protocol):
    """Knows the words of concerns and themes; the engine itself sees none."""

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """How much of a concern's words a theme uses, in thousandths; None if either has no words yet."""
        ...


class Evidence(NamedTuple):
    """What is known of one assignment; every number in thousandths. None: not known, so it counts neither way."""

    above: int
    """Similarity to the theme, in standard deviations of the background."""
    margin: int
    """How far the runner-up is behind, in cosine; all of the similarity when there is none."""
    size: int
    """Members of the theme, as their binary logarithm."""
    cohesion: int
    """Length of the mean of the theme's members: 1,000 when all point the same way."""
    sibling: int
    """Similarity of the theme's centroid to the runner-up's, in cosine."""
    gap: int
    """Time since the theme's last member beside its usual time between two, as the binary logarithm of the ratio."""
    words: int | None
    """How much of the concern's words the theme uses."""


FEATURES = Evidence._fields


def milli_log2(count: int) -> int:
    """1000 · log₂ of a count ≥ 1, along straight lines between powers of two; 0 below.

    >>> [milli_log2(count) for count in (0, 1, 2, 3, 4, 1000)]
    [0, 0, 1000, 1500, 2000, 9953]
    """
    if count < 1:
        return 0
    whole = count.bit_length() - 1
    return 1000 * whole + 1000 * (count - (1 << whole)) // (1 << whole)


def cohesion_milli(book: Book, row: int) -> int:
    """How much the members of a theme agree: the length of their mean in the decision space, in thousandths."""
    count = max(float(book.total_n[row]), 1.0)
    mean = (book.total[row] / count - book.origin).round()
    return int(1000.0 * math.sqrt(float(mean @ mean)) / _FULL)


class Place(NamedTuple):
    """A concern beside the two themes nearest to it; similarities and ``spread`` in 1/ONE, ``at_s`` its time."""

    row: int
    mine: int
    second: int | None
    behind: int | None
    spread: int
    at_s: int
    words: int | None


def weigh(book: Book, place: Place) -> Evidence:
    """The evidence for the theme at ``place.row``."""
    root, count = book.roots[place.row], int(book.total_n[place.row])
    sibling = 0
    if place.second is not None:
        sibling = int(book.units[place.row] @ book.units[place.second])
    idle, usual = (
        max(place.at_s - root.last_at_s, 0),
        max(root.last_at_s - root.born_at_s, 0) // max(count, 1),
    )
    return Evidence(
        above=1000 * place.mine // place.spread,
        margin=1000 * (place.mine - max(place.behind or 0, 0)) // ONE,
        size=milli_log2(count),
        cohesion=cohesion_milli(book, place.row),
        sibling=1000 * sibling // ONE,
        gap=milli_log2(1 + idle) - milli_log2(1 + usual),
        words=place.words,
    )
