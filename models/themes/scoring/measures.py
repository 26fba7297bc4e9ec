"""How far a clustering agrees with labels: each measure a function of two label arrays ``(n,)``.

Every item counts: whoever drops items passes them as clusters of one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

Labels = NDArray[np.int64]


def agreement(labels: Labels, found: Labels) -> dict[str, float]:
    """V-measure and the chance-corrected AMI and ARI of a clustering; zeros when there is nothing to score."""
    if not len(labels):
        return {"v": 0.0, "ami": 0.0, "ari": 0.0}
    return {
        "v": round(float(v_measure_score(labels, found)), 4),
        "ami": round(float(adjusted_mutual_info_score(labels, found)), 4),
        "ari": round(float(adjusted_rand_score(labels, found)), 4),
    }


def b_cubed(labels: Labels, found: Labels) -> float:
    """B³ F1: precision and recall of each item's cluster, averaged over items (Bagga and Baldwin 1998)."""
    table = contingency_matrix(labels, found, sparse=True).tocoo()
    squares = table.data.astype(float) ** 2
    precision = (squares / np.bincount(table.col, table.data)[table.col]).sum() / len(labels)
    recall = (squares / np.bincount(table.row, table.data)[table.row]).sum() / len(labels)
    return round(float(2 * precision * recall / (precision + recall)), 4)


def pairs(labels: Labels, found: Labels) -> dict[str, float]:
    """Of the pairs put together, those that belong together; and the other way round; 1 where there are none."""
    table = contingency_matrix(labels, found, sparse=True)
    both = _pairs(table.data)
    put, belong = _pairs(np.bincount(found)), _pairs(np.bincount(labels))
    return {
        "pair_precision": round(both / put if put else 1.0, 4),
        "pair_recall": round(both / belong if belong else 1.0, 4),
    }


def _pairs(sizes: Labels) -> float:
    wide = sizes.astype(float)
    return float((wide * (wide - 1) / 2).sum())


def grouping(labels: Labels, found: Labels) -> dict[str, float]:
    """Shares of items: ``over_grouped`` sit with a majority of another label (1 - purity),
    ``under_grouped`` outside the largest cluster of their own label (1 - inverse purity).
    """
    table = contingency_matrix(labels, found, sparse=True).tocsc()
    pure, whole = table.max(axis=0).sum(), table.max(axis=1).sum()
    return {
        "over_grouped": round(1 - float(pure) / len(labels), 4),
        "under_grouped": round(1 - float(whole) / len(labels), 4),
    }


def all_measures(labels: Labels, found: Labels) -> dict[str, float]:
    """Every measure of a clustering that leaves nothing out."""
    return {
        **agreement(labels, found),
        "b3": b_cubed(labels, found),
        **pairs(labels, found),
        **grouping(labels, found),
    }


def numbered(names: list[str]) -> Labels:
    """Names as integers, in the order of the names."""
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].astype(np.int64)
