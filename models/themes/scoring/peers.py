"""Other ways to cluster the same vectors, so that a figure can be read beside theirs.

The offline ones see the whole set at once; the online ones take it in the order of the stream, once.
Whoever needs a number it cannot know (how many, how near) is told it, or gets its best of a few by ARI
against the labels: every choice is in the peers' favour, and ``told`` says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from models.themes.scoring.measures import Labels, agreement, all_measures, numbered

Vectors = NDArray[np.float32]

LINKAGE_ITEMS = 14_000
"""Items up to which average linkage runs on all of them: its distances take n² / 2 times 8 bytes."""
DBSTREAM_ITEMS = 2_000
"""Items that DBSTREAM gets, evenly over the stream: it takes milliseconds for each."""
_CUTS = (0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70)
_LEADER_AT = (0.40, 0.50, 0.60)
_HDBSCAN_SIZES = (5, 10, 20)
_HDBSCAN_DIMS = 50
_DBSTREAM_RADII = (0.6, 0.8)
_DBSTREAM_DIMS = 32


@dataclass(frozen=True, slots=True)
class Peer:
    """How one of them did: on how many items, what it was told, and its scores."""

    name: str
    told: str
    items: int
    scores: dict[str, float]


def oracle(vectors: Vectors, labels: Labels, seed: int) -> dict[str, float]:
    """k-means with the true number of labels, best of ten starts."""
    return agreement(labels, _k_means(vectors, labels, seed))


def _k_means(vectors: Vectors, labels: Labels, seed: int) -> Labels:
    count = len(np.unique(labels))
    found: Labels = KMeans(count, n_init=10, random_state=seed).fit_predict(vectors).astype(np.int64)
    return found


def k_means(vectors: Vectors, labels: Labels, seed: int) -> Peer:
    """The oracle as a row of its own."""
    scores = _scored(labels, _k_means(vectors, labels, seed))
    return Peer("k-means, n_init 10", "the number of topics", len(labels), scores)


def average_linkage(vectors: Vectors, labels: Labels) -> Peer:
    """Average linkage on cosine distances; the cut with the best ARI."""
    rows, gold = vectors[:LINKAGE_ITEMS], labels[:LINKAGE_ITEMS]
    tree = linkage(rows.astype(np.float64), "average", "cosine")
    cuts = (fcluster(tree, cut, "distance").astype(np.int64) for cut in _CUTS)
    return Peer("average linkage", "the best cut of seven", len(rows), _scored(gold, _best(gold, cuts)))


def hdbscan(vectors: Vectors, labels: Labels) -> Peer:
    """HDBSCAN on 50 principal components; noise counts as clusters of one; the best ``min_cluster_size``."""
    rows = _projected(vectors, _HDBSCAN_DIMS)
    tries = (HDBSCAN(min_cluster_size=size, copy=True).fit_predict(rows) for size in _HDBSCAN_SIZES)
    best = _best(labels, (noise_alone(found) for found in tries))
    return Peer("HDBSCAN, 50 components", "the best of three sizes", len(labels), _scored(labels, best))


def noise_alone(found: Labels) -> Labels:
    """What is marked -1 becomes a cluster of its own each."""
    return np.where(found < 0, len(found) + np.arange(len(found)), found).astype(np.int64)


def leader(vectors: Vectors, labels: Labels) -> Peer:
    """Nearest centroid, or a new cluster below a fixed cosine; vectors in the order of the stream."""
    best = _best(labels, (lead(vectors, threshold) for threshold in _LEADER_AT))
    return Peer("nearest or new", "the best of three thresholds", len(labels), _scored(labels, best))


def lead(vectors: Vectors, threshold: float) -> Labels:
    """The cluster of each of ``vectors`` in turn, founded when no centroid is as near as ``threshold``."""
    sums = np.zeros((1024, vectors.shape[1]), np.float32)
    units, count, found = np.zeros_like(sums), 0, np.empty(len(vectors), np.int64)
    for place, vector in enumerate(vectors):
        near = units[:count] @ vector
        row = int(near.argmax()) if count else -1
        if row < 0 or near[row] < threshold:
            row, count = count, count + 1
            if count > len(sums):
                sums, units = np.concatenate([sums, 0 * sums]), np.concatenate([units, 0 * units])
        sums[row] += vector
        units[row] = sums[row] / np.linalg.norm(sums[row])
        found[place] = row
    return found


def dbstream(vectors: Vectors, labels: Labels) -> Peer:
    """River's DBSTREAM on 32 principal components of 2,000 items, evenly over the stream; the best radius of two."""
    places = np.linspace(0, len(labels) - 1, min(DBSTREAM_ITEMS, len(labels))).astype(np.int64)
    rows, gold = _projected(vectors[places], _DBSTREAM_DIMS), labels[places]
    best = _best(gold, (_dbstream(rows, radius) for radius in _DBSTREAM_RADII))
    told = "its components beforehand, the best of two radii"
    return Peer("DBSTREAM, 32 components", told, len(places), _scored(gold, best))


def _dbstream(rows: Vectors, radius: float) -> Labels:
    from river.cluster import DBSTREAM  # half a second to import, for this row alone

    model: Any = DBSTREAM(clustering_threshold=radius, fading_factor=1e-4, cleanup_interval=1000)
    features = [dict(enumerate(row)) for row in rows.tolist()]
    for one in features:
        model.learn_one(one)
    return np.array([model.predict_one(one) for one in features], np.int64)


def _projected(vectors: Vectors, dims: int) -> Vectors:
    """Along the leading ``dims`` principal components, and of unit length again."""
    dims = min(dims, *vectors.shape)
    rows: Vectors = PCA(dims, random_state=0).fit_transform(vectors).astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
    return rows


def _best(labels: Labels, tries: Iterable[Labels]) -> Labels:
    """The try with the highest ARI, the first of equals."""
    return max(tries, key=lambda found: float(adjusted_rand_score(labels, found)))


def _scored(labels: Labels, found: Labels) -> dict[str, float]:
    dense = numbered([str(one) for one in found])
    sizes = np.bincount(dense)
    counts = {"themes": int((sizes >= 5).sum()), "singletons": int((sizes == 1).sum())}
    return {**all_measures(labels, dense), **counts, "gold": len(np.unique(labels))}
