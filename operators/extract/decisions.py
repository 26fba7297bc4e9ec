"""Decisions as records: a local labeller's, a model's answer, a person's.

A record's labels are clear text, so of a model's decision only what the taxonomy knows gets into them; its own words
are sealed elsewhere. Quotes that are not literally in the concern send a local decision to review.
"""

from __future__ import annotations

from typing import Any

from contracts.answers import NOT_BELIEVED, Answer
from contracts.commands import Correction, ModelRole
from contracts.stages import Decision as DecisionRecord
from contracts.stages import ItemFacts
from models.labellers.decision import Decision
from models.labellers.taxonomy import Taxonomy

LEAN_MILLI = 500
"""How strong a sentiment is that a person named: half of the way."""


def segment_of(facts: ItemFacts) -> str | None:
    """The segment of whoever wrote: the plan that the account has, None where nobody knows. No model decides it."""
    return None if facts.tier == "unknown" else facts.tier


def decision_record(decision: Decision, text: str, segment: str | None = None) -> DecisionRecord:
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
        suggested_action=None,
        intent=decision.intent,
        segment=segment,
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


def answered_decision(
    said: DecisionRecord, taxonomy: Taxonomy, answer: Answer, review_below: int
) -> DecisionRecord:
    """What a model decided, in the taxonomy's words; whose work it is says the decision matrix (``acting``).

    Its category must be in the taxonomy. Below ``review_below`` thousandths a person is asked.
    """
    label = taxonomy.label(said.category)
    assert label is not None
    names = {one.name for one in taxonomy.labels}
    areas = {one.name for one in taxonomy.areas}
    shown = answer.item.concerns if answer.item else ()
    local = next((c.decision for c in shown if c.concern_id == answer.concern_id), said)
    explanation = (
        f"{said.category} by {answer.model}, before that {local.category}; "
        f"severity {said.severity}, before that {local.severity}."
    )
    return said.model_copy(
        update={
            "sublabel": _known(said.sublabel, {sub.name for sub in label.sublabels}),
            "runner_up": _known(said.runner_up, names),
            "product_area": _known(said.product_area, areas) or label.product_area,
            "root_cause": None,
            "intent": _known(said.intent, {one.name for one in taxonomy.intents}),
            "segment": local.segment,
            "entities": (),
            "explanation": NOT_BELIEVED if said.explanation == NOT_BELIEVED else explanation,
            "needs_review": said.needs_review or said.confidence_milli < review_below,
            "product_fix": said.bug or said.severity == "critical",
            "provisional": False,
        }
    )


def labelled(
    decision: DecisionRecord, role: ModelRole, label: str, sure_milli: int, taxonomy: Taxonomy
) -> DecisionRecord:
    """One label from a tenant's own model; how sure the rest is does not change."""
    before: str = getattr(decision, role)
    said = (
        corrected(decision, Correction.model_validate({role: label}), taxonomy)
        if label != before
        else decision
    )
    update: dict[str, Any] = {
        "confidence_milli": decision.confidence_milli,
        "needs_review": decision.needs_review,
        "provisional": True,
    }
    if role == "category":
        kind = taxonomy.label(label)
        update |= {"category_milli": sure_milli}
        if kind is not None and label != before:
            bug = decision.bug or kind.role == "bug"
            update |= {
                "bug": bug,
                "feature_request": decision.feature_request or kind.role == "feature_request",
                "product_fix": bug or decision.severity == "critical",
                "explanation": f"{label} by the tenant's own model, before that {before}. {decision.explanation}",
            }
    return said.model_copy(update=update)


def confirmed(decision: DecisionRecord) -> DecisionRecord:
    """A person said that it is a concern."""
    return decision.model_copy(update={"needs_review": False, "confidence_milli": 1000, "provisional": False})


def corrected(decision: DecisionRecord, correction: Correction, taxonomy: Taxonomy) -> DecisionRecord:
    """A person said what the concern is; what follows from the category follows from theirs."""
    said: dict[str, Any] = correction.model_dump(exclude_none=True)
    if said.get("category", decision.category) != decision.category:
        label = taxonomy.label(said["category"])
        said = {
            "sublabel": None,
            "runner_up": decision.category,
            "product_area": label.product_area if label else None,
            **said,
        }
    if said.get("sentiment", decision.sentiment) != decision.sentiment:
        said["sentiment_milli"] = {"negative": -LEAN_MILLI, "neutral": 0, "positive": LEAN_MILLI}[
            said["sentiment"]
        ]
    changed = confirmed(decision.model_copy(update=said))
    return changed.model_copy(update={"product_fix": changed.bug or changed.severity == "critical"})


def _known(said: str | None, names: set[str]) -> str | None:
    return said if said in names else None
