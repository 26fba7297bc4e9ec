"""Which themes are one: pairs that are each other's nearest, each theme at most once in a round."""

from __future__ import annotations

import numpy as np

from models.themes.grid import ONE, Floats, Units
from models.themes.policy import ThemePolicy

_TYPICAL = 8
"""Themes from which on a median over them means something."""


def likeness(units: Units, sizes: Floats, cohesion: int) -> Floats:
    """How alike the themes behind the centroids ``units`` ``(k, c)`` are, ``(k, k)`` in 1/ONE.

    The mean of a few members lies off the theme's true centre, so two centroids look less alike than the
    themes are: ``n`` members that are ``cohesion`` (1/ONE) alike keep a factor √(wn / (1 + w(n - 1))) of a
    similarity. It is divided out (Spearman's correction for attenuation), and what cannot be is capped at 1.
    """
    w = cohesion / ONE
    kept = np.sqrt(w * sizes / (1.0 + w * (sizes - 1.0)))
    corrected = (units @ units.T).astype(np.float64) / kept[:, None] / kept[None, :]
    found: Floats = np.minimum(np.rint(corrected), float(ONE))
    return found


def likeness_needed(similar: Floats, joining: int, policy: ThemePolicy) -> int:
    """The likeness in 1/ONE at which two of these themes are one.

    Where themes lie close together (one narrow domain), nearness says little: half of the themes have a
    neighbour as near. Where they lie far apart, a pair that is much nearer than that is one theme in two parts.
    """
    strict = max(int(policy.merge_at * ONE), joining + int(policy.merge_margin * ONE))
    if len(similar) < _TYPICAL:
        return strict
    others = similar.copy()
    np.fill_diagonal(others, -np.inf)
    typical = int(np.median(others.max(axis=1)))
    stands_out = max(joining + int(policy.merge_isolated * ONE), typical + int(policy.merge_stands_out * ONE))
    return min(strict, stands_out)


def mutual_pairs(similar: Floats, threshold: int) -> list[tuple[int, int, int]]:
    """Rows ``(a, b)``, ``a < b``, that are mutually nearest at ``threshold`` (1/ONE) or more, and how near.

    ``similar`` ``(k, k)``. A row is in one pair at most, so nothing is chained: what should follow waits for
    the next round, when the merged theme has its own centroid.
    """
    if len(similar) < 2:
        return []
    others = similar.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = others.argmax(axis=1)
    return [
        (a, int(b), int(others[a, b]))
        for a, b in enumerate(nearest)
        if a < b and int(nearest[b]) == a and others[a, b] >= threshold
    ]
