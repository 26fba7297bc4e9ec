"""What a decision leads to: an action of the decision matrix, and what a reviewer's answer about it would be worth.

In: a decision's closed labels, flags and confidence; whose concern it is, and what was measured before it.
Out: fields of the records, and the request to a reviewer. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.diversions import ReviewRequest
from contracts.stages import Concern, Decision, EnrichedItem, ItemFacts
from models.priority.matrix import Matrix
from models.priority.telemetry import measured
from models.review.worth import worth


def acting(decision: Decision, matrix: Matrix, tenant: str, facts: ItemFacts) -> Decision:
    """The decision with what telemetry says and the matrix suggests; called again whenever labels or confidence change.

    The fields are None where no rule fires; rule and no action, where the rule says that nothing is to be done.
    """
    decision = _measured(decision, facts)
    rule = matrix.rule_of(decision, tenant)
    told = {
        "suggested_action": None if rule is None or rule.action == "none" else rule.action,
        "action_rule": None if rule is None else rule.name,
        "action_owner": None if rule is None else rule.owner,
    }
    return decision.model_copy(update=told)


def _measured(decision: Decision, facts: ItemFacts) -> Decision:
    """The decision with what telemetry says of it now."""
    known = measured(decision, facts.telemetry)
    if known is None and decision.telemetry is None:
        return decision
    verdict, times = (None, None) if known is None else (known.verdict, known.times_milli)
    return decision.model_copy(update={"telemetry": verdict, "telemetry_times_milli": times})


def worth_of(decision: Decision, facts: ItemFacts) -> int:
    """What a reviewer's answer about a concern is worth (``models.review.worth``)."""
    return worth(decision.confidence_milli, decision.severity, facts.tier)


def review_request(
    header: Mapping[str, Any],
    told: EnrichedItem,
    concern: Concern,
    text: str,
    options: Sequence[str],
    due: datetime | None = None,
) -> ReviewRequest:
    """Ask people about a concern with this ``text``; ``told`` is the item with it alone.

    ``header`` is ``Numbering.header``'s. Before ``due`` a model may still answer; None: nobody is waited for.
    """
    return ReviewRequest.made(
        **header,
        kind="signal",
        event_time=told.event_time,
        reason="low_confidence",
        concern=concern,
        item=told,
        quote=text if told.coverage == "full" else None,
        worth_milli=worth_of(concern.decision, told.facts),
        due=due,
        options=tuple(options),
        schema_version="1.1",
    )
