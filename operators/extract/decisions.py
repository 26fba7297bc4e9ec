"""A labeller's decision as a record; quotes that are not literally in the concern send it to review."""

from __future__ import annotations

from contracts.stages import Decision as DecisionRecord
from models.labellers.decision import Decision


def decision_record(decision: Decision, text: str) -> DecisionRecord:
    """The record of a decision about a concern with this text.

    Evidence must lie inside the text, in order and without overlap; a model that quotes what is not there
    is not to be believed in the rest either, so the concern goes to review without quotes.
    """
    literal = _is_literal(decision.evidence, len(text))
    return DecisionRecord.model_construct(
        category=decision.category,
        sublabel=decision.sublabel,
        runner_up=decision.runner_up,
        severity=decision.severity,
        sentiment=decision.sentiment_label,
        sentiment_milli=decision.sentiment_milli,
        bug=decision.bug,
        feature_request=decision.feature_request,
        product_area=decision.product_area,
        root_cause=decision.root_cause,
        suggested_action=decision.suggested_action,
        intent=decision.intent,
        segment=decision.segment,
        entities=(),
        evidence=decision.evidence if literal else (),
        explanation=decision.explanation,
        confidence_milli=decision.confidence_milli if literal else 0,
        needs_review=decision.needs_review or not literal,
        product_fix=decision.bug or decision.severity == "critical",
        retrain=False,
        churn_risk=decision.churn_risk,
        urgent=decision.urgency,
        provisional=True,
    )


def _is_literal(evidence: tuple[tuple[int, int], ...], length: int) -> bool:
    end_before = 0
    for start, end in evidence:
        if not end_before <= start < end <= length:
            return False
        end_before = end
    return True
