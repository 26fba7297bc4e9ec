"""How far a model's labels may move from what local rules decided, and how sure the result is. Integers throughout.

Severity   words of the text decide: without such words a model raises it by at most one step and never to critical;
           against them it lowers it by at most one step. "critical" by a model alone is held for a person.
           A writer who asks for a rank, or who writes instructions, moves severity not at all.
Confidence c = 10·m, at most 950 (m: the model's own, 0 to 100); L is the local decision's confidence.
           same category:                c + (1000 - c)·L / 4000
           its runner-up:                c - c·L / 8000
           any other:                    c - c·L / 4000
           less the costs of all remarks (``reasons.COSTS``), within 0 to 1000.
           It never falls when m rises, and never rises with another remark.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.stages import Decision, Severity
from models.llm.verify.reasons import COSTS, Remark

RANKS: Final[tuple[Severity, ...]] = ("low", "medium", "high", "critical")
MOST_SURE: Final = 950
"""No model's own number counts for more."""


def bounded_severity(
    said: Severity, local: Severity, *, by_words: bool, fixed: bool
) -> tuple[Severity, tuple[Remark, ...]]:
    """The severity that stands. ``by_words``: local rules found words for theirs; ``fixed``: it must not move."""
    wanted, held = RANKS.index(said), RANKS.index(local)
    if fixed:
        return local, ("severity_bounded",) if wanted != held else ()
    if wanted < held:
        least = held - 1 if by_words else 0
        return RANKS[max(wanted, least)], ("severity_bounded",) if wanted < least else ()
    most = max(held, min(held + 1, RANKS.index("high")))
    remarks: list[Remark] = ["severity_bounded"] if wanted > most else []
    if wanted > most and said == "critical":
        remarks.append("critical_unconfirmed")
    return RANKS[min(wanted, most)], tuple(remarks)


def confidence(own: int, category: str, local: Decision, remarks: Iterable[Remark]) -> int:
    """Thousandths; ``own`` is the model's number, 0 to 100.

    >>> bug = Decision(category="bug", runner_up="ux", severity="low", sentiment="neutral", sentiment_milli=0,
    ...                confidence_milli=800)
    >>> [confidence(90, name, bug, ()) for name in ("bug", "ux", "billing")]
    [920, 810, 720]
    """
    sure = min(10 * own, MOST_SURE)
    if category == local.category:
        sure += (1000 - sure) * local.confidence_milli // 4000
    else:
        parts = 8000 if category == local.runner_up else 4000
        sure -= sure * local.confidence_milli // parts
    return max(0, min(1000, sure - sum(COSTS[remark] for remark in set(remarks))))
