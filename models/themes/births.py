"""Groups of waiting concerns that are alike enough to be themes: average linkage in the decision space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from models.themes.grid import ONE, Units


def alike(units: Units, threshold: int, least: int) -> list[NDArray[np.int64]]:
    """Rows of ``units`` ``(n, components)`` by group, each of at least ``least`` rows.

    The mean similarity of any two parts joined on the way is at least ``threshold`` (in 1/ONE). Groups
    come in the order of their first row.
    """
    if len(units) < least:
        return []
    distances = _condensed(units)
    labels = fcluster(linkage(distances, "average"), ONE - threshold, "distance")
    sizes = np.bincount(labels)
    found = [np.flatnonzero(labels == label) for label in np.flatnonzero(sizes >= least)]
    return sorted(found, key=lambda rows: int(rows[0]))


def _condensed(units: Units) -> NDArray[np.float64]:
    """Distances ``ONE - similarity`` of all pairs, integers, in scipy's condensed order."""
    similar = squareform(units @ units.T, force="tovector", checks=False)
    distances: NDArray[np.float64] = np.maximum(ONE - similar.astype(np.float64), 0.0)
    return distances
