"""Which themes are one: pairs that are each other's nearest, each theme at most once in a round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import ONE, Floats, Units, pairs_where
from models.themes.policy import ThemePolicy

_FEW_PAIRS = 2**13
"""Pairs of themes up to which it is quicker to compare all in float64."""
_PAIRS = 2**18
"""Pairs that are compared at once, …"""
_ROWS = 64
"""… or more, so that so many themes are: the centroids are read once for them."""
_TYPICAL = 8
"""Themes from which on a median over them means something."""


def kept_share(sizes: Floats, cohesion: int) -> Floats:
    """Which part of a similarity the centroids of themes of these ``sizes`` ``(k,)`` show.

    The mean of a few members lies off the theme's true centre, so two centroids look less alike than the
    themes are: ``n`` members that are ``cohesion`` (1/ONE) alike keep a factor √(wn / (1 + w(n - 1))) of a
    similarity (Spearman's correction for attenuation divides it out).
    """
    w = cohesion / ONE
    kept: Floats = np.sqrt(w * sizes / (1.0 + w * (sizes - 1.0)))
    return kept


def nearest_themes(units: Units, kept: Floats, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """The theme most like each of those at ``rows`` ``(n,)``, and how like, in 1/ONE; the lowest row of equals.

    ``units`` ``(k, c)`` are the centroids, ``kept`` ``(k,)`` what ``kept_share`` says; what cannot be is capped at
    1. In float32 it is found who may be the nearest, give or take what rounding can do; those are compared in
    float64. A theme without another has itself at minus infinity.
    """
    if 0 < len(rows) * len(units) <= _FEW_PAIRS:
        return _nearest_of_few(units, kept, rows)
    at, near = np.zeros(len(rows), np.int64), np.full(len(rows), -np.inf)
    one, other = _maybe_nearest(units, kept, rows)
    dots = np.einsum("ij,ij->i", units[rows[one]], units[other]).astype(np.float64)
    exact = np.minimum(np.rint(dots / kept[rows[one]] / kept[other]), float(ONE))
    order = np.lexsort((-other, exact))  # the best, and of equals the lowest row, is written last
    at[one[order]], near[one[order]] = other[order], exact[order]
    return at, near


def _maybe_nearest(
    units: Units, kept: Floats, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a place in ``rows`` and a theme that may be its nearest; all that are, and few others."""
    by_kept, nobody = (1.0 / kept).astype(np.float32), np.empty(0, np.int64)
    found = [(nobody, nobody)]
    step = max(_PAIRS // len(units), _ROWS)
    for start in range(0, len(rows), step) if len(units) > 1 else ():
        some = rows[start : start + step]
        rough = units[some] @ units.T
        rough *= by_kept
        rough[np.arange(len(some)), some] = -np.inf
        most = np.minimum(rough.max(axis=1), kept[some] * ONE)
        bars = (most - 1e-5 * np.abs(most) - 1.0).astype(np.float32)
        found.append(pairs_where(rough >= bars[:, None], start))
    one, other = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, other


def _nearest_of_few(units: Units, kept: Floats, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """``nearest_themes`` with all pairs compared in float64."""
    exact = (units[rows] @ units.T).astype(np.float64)
    exact /= kept[rows][:, None]
    exact /= kept
    np.minimum(np.rint(exact, out=exact), float(ONE), out=exact)
    one_each = np.arange(len(rows))
    exact[one_each, rows] = -np.inf
    at = exact.argmax(axis=1)
    return at, exact[one_each, at]


class Bars(NamedTuple):
    """Likeness, in 1/ONE, at which two themes are one if their members do not lie apart (``splits``), and at which
    they are one in any case."""

    needed: int
    sure: int


def likeness_needed(nearest: Floats, themes: int, joining: int, policy: ThemePolicy) -> Bars:
    """When two of so many ``themes`` are one; ``nearest`` ``(n,)``: of a sample of them, the likeness to the
    nearest other.

    Where themes lie close together (one narrow domain), nearness says little: half of the themes have a
    neighbour as near. Where they lie far apart, a pair that is much nearer than that is one theme in two parts,
    an outage that is told in two wordings.
    """
    strict = max(int(policy.merge_at * ONE), joining + int(policy.merge_margin * ONE))
    if themes < _TYPICAL:
        return Bars(strict, strict)
    typical = int(np.median(nearest))
    stands_out = max(joining + int(policy.merge_isolated * ONE), typical + int(policy.merge_stands_out * ONE))
    return Bars(min(strict, stands_out), stands_out)


def mutual_pairs(
    units: Units, kept: Floats, rows: Sequence[int] | NDArray[np.int64], threshold: int
) -> list[tuple[int, int, int]]:
    """Rows ``(a, b)``, ``a < b``, one of them among ``rows``, that are mutually nearest at ``threshold`` (1/ONE)
    or more, and how near.

    A row is in one pair at most, so nothing is chained: what should follow waits for the next round, when the
    merged theme has its own centroid. Only the rows asked about and those nearest to them are compared with
    all, so the square over all themes is never made.
    """
    asked = np.asarray(rows, np.int64)
    if len(units) < 2 or not len(asked):
        return []
    nearest, near = nearest_themes(units, kept, asked)
    hopeful = near >= threshold
    asked, nearest, near = asked[hopeful], nearest[hopeful], near[hopeful]
    others = np.unique(nearest)
    back, _ = nearest_themes(units, kept, others)
    back_of = dict(zip(others.tolist(), back.tolist(), strict=True))
    found = {
        (min(a, b), max(a, b)): int(value)
        for a, b, value in zip(asked.tolist(), nearest.tolist(), near.tolist(), strict=True)
        if back_of[b] == a
    }
    return [(a, b, value) for (a, b), value in sorted(found.items())]
