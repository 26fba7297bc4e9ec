"""The cheapest path that suffices for a concern, with its reason.

In:    the local decision, the language, whether names may be in the words.   Out: asked, or not, and why.
Local decisions stand where local models are sure, by words that show the label, and a mistake costs little. All else
goes to the small model; the large one sees what the small one could not decide (``asking``).
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.stages import Coverage, Decision

LOCAL_LANGUAGES = ("en", "und")
"""What local cues and exemplars are written in."""


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """Confidences in thousandths.

    ``sure``: from there on a local decision of low stakes stands. ``doubtful``: an answer of the small model below the
    bound for review, but not below this, goes to the large one; less is nothing that more thinking would find.
    ``names_may_leave``: all models run on servers of one's own, so words may be shown in which names may be.
    """

    sure: int = 950
    doubtful: int = 300
    names_may_leave: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whether a model is asked, and why."""

    asked: bool
    reason: str


def choose(decision: Decision, language: str, coverage: Coverage, policy: RoutePolicy) -> Chosen:
    """The route of a concern that nobody but local models has decided.

    >>> sure = Decision(category="ux", severity="low", sentiment="neutral", sentiment_milli=0, confidence_milli=970,
    ...                 evidence=((0, 4),))
    >>> choose(sure, "en", "full", RoutePolicy()).reason, choose(sure, "de", "full", RoutePolicy()).reason
    ('local is sure (970) by its words, and the stakes are low', 'local models read English')
    """
    if coverage != "full" and not policy.names_may_leave:
        return Chosen(False, "names may be in its words, and these must not leave")
    if decision.needs_review:
        return Chosen(True, f"local is unsure whether it is a concern ({decision.confidence_milli})")
    if decision.severity != "low" or decision.churn_risk or decision.urgent:
        return Chosen(True, f"a mistake would cost: {_stakes(decision)}")
    if language not in LOCAL_LANGUAGES:
        return Chosen(True, "local models read English")
    if not decision.evidence:
        return Chosen(True, f"local found no words for {decision.category}")
    if decision.confidence_milli >= policy.sure:
        return Chosen(
            False, f"local is sure ({decision.confidence_milli}) by its words, and the stakes are low"
        )
    return Chosen(True, f"local is not sure enough ({decision.confidence_milli})")


def is_unsure(decision: Decision, language: str, policy: RoutePolicy) -> bool:
    """Whether local models would have asked even if a mistake cost nothing: then a person is worth asking."""
    read = language in LOCAL_LANGUAGES and bool(decision.evidence)
    return decision.needs_review or not read or decision.confidence_milli < policy.sure


def _stakes(decision: Decision) -> str:
    if decision.severity != "low":
        return f"severity {decision.severity}"
    return "somebody may leave" if decision.churn_risk else "it is urgent"
