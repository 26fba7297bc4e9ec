"""Groups of waiting concerns that are alike enough to be themes: average linkage in the decision space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from models.themes.grid import ONE, Units, pairs_where

_BLOCK = 256


def alike(units: Units, threshold: int, least: int) -> list[NDArray[np.int64]]:
    """Rows of ``units`` ``(n, components)`` by group, each of at least ``least`` rows.

    The mean similarity of any two parts joined on the way is at least ``threshold`` (in 1/ONE). Groups
    come in the order of their first row.
    """
    found = []
    for part in _in_touch(units, threshold, least):
        found += [part[rows] for rows in linked(units[part], threshold, least)]
    return sorted(found, key=lambda rows: int(rows[0]))


def linked(units: Units, threshold: int, least: int) -> list[NDArray[np.int64]]:
    """``alike`` within a part: all of ``units`` are in touch."""
    # A third of a second to import: when there is a group to link, not at every start.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    condensed = squareform(units @ units.T, force="tovector", checks=False)
    distances = np.maximum(ONE - condensed.astype(np.float64), 0.0)
    labels = fcluster(linkage(distances, "average"), ONE - threshold, "distance")
    return [np.flatnonzero(labels == label) for label in np.flatnonzero(np.bincount(labels) >= least)]


def _in_touch(units: Units, threshold: int, least: int) -> list[NDArray[np.int64]]:
    """Parts of at least ``least`` rows that are connected by pairs alike by ``threshold``.

    Average linkage joins two parts only if some pair across them is near, so no group reaches across
    parts: linking each part alone gives the same groups for a fraction of the work.
    """
    counts, columns = _near(units, threshold)
    if (counts >= min(least, 2)).sum() < least:  # a row is near itself: too few are near another
        return []
    indptr = np.append(0, counts.cumsum())
    near = csr_array((np.ones(len(columns)), columns, indptr), shape=(len(units), len(units)))
    _, labels = connected_components(near, directed=False)
    return [np.flatnonzero(labels == label) for label in np.flatnonzero(np.bincount(labels) >= least)]


def in_touch_with(row: int, units: Units, threshold: int) -> NDArray[np.int64]:
    """The part of a few ``units`` ``(n, components)`` that one of them is in, as ``alike`` tells parts; its rows."""
    near: NDArray[np.bool_] = units @ units.T >= threshold
    found = near[row]
    while (wider := near[found].any(axis=0)).sum() > found.sum():
        found = wider
    return np.flatnonzero(found)


def _near(units: Units, threshold: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many rows each row is near to, and which, row by row; the full square of similarities is never made."""
    starts = range(0, max(len(units), 1), _BLOCK)
    found = [pairs_where(units[at : at + _BLOCK] @ units.T >= threshold, at) for at in starts]
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    return np.bincount(rows, minlength=len(units)), columns
