"""Which theme a concern belongs to: whether it may join its nearest, and whether another is clearly nearer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import ONE, Units
from models.themes.policy import ThemePolicy

_CHUNK = 2048
"""Rows compared at once; bounds the working memory (2,048 x 1,000 themes: 8 MB)."""


def near_enough(
    similar: Units, threshold: int, patient: NDArray[np.bool_], policy: ThemePolicy
) -> NDArray[np.bool_]:
    """Which rows of ``similar`` ``(n, k)``, similarities to all themes of the group, may join the nearest.

    At the threshold; or, for the rows that are ``patient`` ``(n,)``, somewhat below it when every other
    theme is far behind.
    """
    top = similar.max(axis=1)
    found: NDArray[np.bool_] = top >= threshold
    asked = np.flatnonzero(patient & ~found & (top >= int(policy.clear_share * threshold)))
    second = np.partition(similar[asked], -2, axis=1)[:, -2] if similar.shape[1] > 1 else np.zeros(len(asked))
    found[asked] = top[asked] - np.maximum(second, 0.0) > int(policy.clear_margin * ONE)
    return found


class Home(NamedTuple):
    """A better theme for the concern at ``place``: its ``row``, and the next best; ``near`` and ``behind`` in 1/ONE."""

    place: int
    row: int
    near: int
    second: int
    behind: int


def better_homes(
    units: Units, rows: NDArray[np.int64], centroids: Units, open_rows: NDArray[np.bool_], margin: int
) -> list[Home]:
    """Concerns ``units`` ``(n, c)`` now at centroid ``rows`` ``(n,)`` that should move.

    A move needs an open centroid nearer by more than ``margin`` (1/ONE). The next best is open, or where it was.
    """
    found: list[Home] = []
    for start in range(0, len(units), _CHUNK):
        own = rows[start : start + _CHUNK]
        similar = units[start : start + _CHUNK] @ centroids.T
        now = similar[np.arange(len(own)), own]
        similar[:, ~open_rows] = -np.inf
        best = similar.argmax(axis=1)
        top = similar[np.arange(len(own)), best]
        for i in np.flatnonzero((best != own) & (top > now + margin)):
            similar[i, own[i]], similar[i, best[i]] = now[i], -np.inf
            second = int(similar[i].argmax())
            found.append(Home(start + int(i), int(best[i]), int(top[i]), second, int(similar[i, second])))
    return found
