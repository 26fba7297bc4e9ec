"""Is a stated probability right? Calibration error, ranking, and how much of it says "not sure".

In: probabilities in thousandths ``(n,)`` and whether each was right. Out: figures. Sources: Naeini et al.
2015, "Obtaining well calibrated probabilities using Bayesian binning"; equal-mass bins as in Nixon et al. 2019.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

BINS = 15
UNCERTAIN_MILLI = (300, 700)
"""From the first to below the second, an assignment counts as uncertain."""


def confidence(p_milli: NDArray[np.int64], right: NDArray[np.bool_]) -> dict[str, float | None]:
    """``ece`` over 15 bins of equal mass, ``auroc`` (None with one class only), shares uncertain and right."""
    order = np.argsort(p_milli, kind="stable")
    said, true = p_milli[order] / 1000, right[order].astype(float)
    bins = zip(np.array_split(said, BINS), np.array_split(true, BINS), strict=True)
    gap = sum(len(p) * abs(float(p.mean() - t.mean())) for p, t in bins if len(p))
    unsure = (p_milli >= UNCERTAIN_MILLI[0]) & (p_milli < UNCERTAIN_MILLI[1])
    mixed = bool(right.any() and not right.all())
    return {
        "ece": round(gap / max(len(right), 1), 4),
        "auroc": round(float(roc_auc_score(right, p_milli)), 4) if mixed else None,
        "uncertain_share": round(float(unsure.mean()), 4) if len(right) else 0.0,
        "right_share": round(float(right.mean()), 4) if len(right) else 0.0,
    }


def majorities(themes: Sequence[str | None], labels: Sequence[int]) -> dict[str, int]:
    """The most frequent label of each theme, ties to the lowest label."""
    tables: dict[str, Counter[int]] = {}
    for theme, label in zip(themes, labels, strict=True):
        if theme is not None:
            tables.setdefault(theme, Counter())[label] += 1
    return {theme: min(table, key=lambda label: (-table[label], label)) for theme, table in tables.items()}
