"""What a decision leads to: an action of the decision matrix, and what a reviewer's answer about it would be worth.

In: a decision's closed labels, flags and confidence; whose concern it is.   Out: fields of the records. Pure functions.
"""

from __future__ import annotations

from contracts.stages import Decision, ItemFacts
from models.priority.matrix import Matrix
from models.review.worth import worth


def acting(decision: Decision, matrix: Matrix, tenant: str) -> Decision:
    """The decision with what the matrix suggests; called again whenever labels or confidence have changed.

    The fields are None where no rule fires; rule and no action, where the rule says that nothing is to be done.
    """
    rule = matrix.rule_of(decision, tenant)
    told = {
        "suggested_action": None if rule is None or rule.action == "none" else rule.action,
        "action_rule": None if rule is None else rule.name,
        "action_owner": None if rule is None else rule.owner,
    }
    return decision.model_copy(update=told)


def worth_of(decision: Decision, facts: ItemFacts) -> int:
    """What a reviewer's answer about a concern is worth (``models.review.worth``)."""
    return worth(decision.confidence_milli, decision.severity, facts.tier)
