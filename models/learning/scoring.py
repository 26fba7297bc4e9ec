"""How good a probability is: calibration in bins of equal mass, and ranking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BINS = 15


def calibration(sure_milli: Sequence[int], right: Sequence[bool]) -> float:
    """Expected calibration error in 0 … 1 over 15 bins of equal mass; ties keep the given order.

    >>> round(calibration([900] * 30, [True] * 27 + [False] * 3), 2)
    0.18
    """
    order = np.argsort(np.array(sure_milli), kind="stable")
    sure, truth = np.array(sure_milli)[order] / 1000, np.array(right, dtype=float)[order]
    bins = [place for place in np.array_split(np.arange(len(sure)), BINS) if len(place)]
    gaps = [len(place) * abs(sure[place].mean() - truth[place].mean()) for place in bins]
    return float(sum(gaps) / max(1, len(sure)))


def ranking(sure_milli: Sequence[int], right: Sequence[bool]) -> float:
    """AUROC in 0 … 1: how often a right one is surer than a wrong one; a half if there is only one kind."""
    if len(set(right)) < 2:
        return 0.5
    # scikit-learn takes two seconds to load, and other commands do without it.
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, sure_milli))
