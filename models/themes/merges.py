"""Which themes are one: pairs that are each other's nearest, each theme at most once in a pass."""

from __future__ import annotations

import numpy as np

from models.themes.grid import Units


def mutual_pairs(units: Units, threshold: int) -> list[tuple[int, int, int]]:
    """Rows ``(a, b)``, ``a < b``, that are mutually nearest at ``threshold`` (1/ONE) or more, and how near.

    A row is in one pair at most, so nothing is chained: what should follow waits for the next pass, when
    the merged theme has its own centroid.
    """
    if len(units) < 2:
        return []
    similar = units @ units.T
    np.fill_diagonal(similar, -np.inf)
    nearest = similar.argmax(axis=1)
    return [
        (a, int(b), int(similar[a, b]))
        for a, b in enumerate(nearest)
        if a < b and int(nearest[b]) == a and similar[a, b] >= threshold
    ]
