"""A Lloyd sweep: which held concerns are clearly nearer to another theme than to their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import Units

_CHUNK = 2048
"""Rows compared at once; bounds the working memory (2,048 x 1,000 themes: 8 MB)."""


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
