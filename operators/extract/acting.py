"""What a decision leads to: an action of the decision matrix.

In: a decision's closed labels, flags and confidence, and what was measured before it.
Out: fields of the record. Pure functions.
"""

from __future__ import annotations

from contracts.stages import Decision, ItemFacts
from models.priority.matrix import Matrix
from models.priority.telemetry import measured


def acting(
    decision: Decision, matrix: Matrix, tenant: str, facts: ItemFacts, stand_in: str | None = None
) -> Decision:
    """The decision with what telemetry says and the matrix suggests; called again whenever labels or confidence change.

    The fields are None where no rule fires; rule and no action, where the rule says that nothing is to be done. The
    rules of the category ``stand_in`` hold where none fires for its own.
    """
    decision = _measured(decision, facts)
    rule = matrix.rule_of(decision, tenant)
    if rule is None and stand_in is not None:
        rule = matrix.rule_of(decision.model_copy(update={"category": stand_in}), tenant)
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
