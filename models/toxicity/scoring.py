"""Score quarantine decisions against labels: for ``undercurrent eval toxicity``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOXIC_LABELS = frozenset({"hate", "toxic", "true", "1"})
"""Labels (in lower case) that ought to be quarantined; an offensive word alone is not among them."""

HARMLESS_LABELS = frozenset({"neither", "false", "0", "none"})
"""Labels that ought to pass; where a set has neither kind, every text is taken as harmless."""


@dataclass(frozen=True, slots=True)
class ToxicityScore:
    """``false_rate`` is the share of harmless texts quarantined, ``quarantined`` that of all texts."""

    precision: float
    recall: float
    false_rate: float
    quarantined: float
    n: int


def score_toxicity(labels: Sequence[str], quarantined: Sequence[bool]) -> ToxicityScore:
    """Precision and recall of quarantine; a share of nothing is 0."""
    pairs = list(zip(labels, quarantined, strict=True))
    toxic = [held for label, held in pairs if label in TOXIC_LABELS]
    known = any(label in HARMLESS_LABELS for label in labels) or bool(toxic)
    harmless = [held for label, held in pairs if label in HARMLESS_LABELS or not known]
    return ToxicityScore(
        precision=_share(sum(toxic), sum(quarantined)),
        recall=_share(sum(toxic), len(toxic)),
        false_rate=_share(sum(harmless), len(harmless)),
        quarantined=_share(sum(quarantined), len(pairs)),
        n=len(pairs),
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
