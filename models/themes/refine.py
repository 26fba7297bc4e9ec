"""Which theme a concern belongs to: whether it may join its nearest, and whether another is clearly nearer."""

from __future__ import annotations

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
    second = np.partition(similar, -2, axis=1)[:, -2] if similar.shape[1] > 1 else np.zeros_like(top)
    clear = top - np.maximum(second, 0.0) > int(policy.clear_margin * ONE)
    return np.asarray((top >= threshold) | (patient & clear & (top >= int(policy.clear_share * threshold))))


def better_homes(
    units: Units, rows: NDArray[np.int64], centroids: Units, open_rows: NDArray[np.bool_], margin: int
) -> list[tuple[int, int, int]]:
    """Concerns ``units`` ``(n, c)`` now at centroid ``rows`` ``(n,)`` that should move.

    Each comes as (index, new row, similarity). A move needs an open centroid nearer by more than
    ``margin`` (1/ONE).
    """
    found: list[tuple[int, int, int]] = []
    for start in range(0, len(units), _CHUNK):
        own = rows[start : start + _CHUNK]
        similar = units[start : start + _CHUNK] @ centroids.T
        now = similar[np.arange(len(own)), own]
        similar[:, ~open_rows] = -np.inf
        best = similar.argmax(axis=1)
        top = similar[np.arange(len(own)), best]
        for i in np.flatnonzero((best != own) & (top > now + margin)):
            found.append((start + int(i), int(best[i]), int(top[i])))
    return found
