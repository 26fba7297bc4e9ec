"""Put concerns to people: those that wait for a decision, and some that go on, from which the models learn.

In:    concerns of all tenants of a partition, in order.   Out: requests to reviewers.
State: a row of the ``learning`` table for each tenant whose models were taught: its bar.
Elsewhere: which they are, and what an answer is worth (``models.review.asking``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.diversions import ReviewRequest
from contracts.stages import Decision as Decided
from contracts.stages import EnrichedItem, ItemFacts
from models.review.asking import ASK_ONE_IN, Asking, Doubt
from operators.state import Table

ASKED_TO_LEARN = "category_unsure"
"""Why a person is asked about a concern that goes on."""


class Asks:
    """The questions of the tenants of one journal partition."""

    def __init__(self, table: Table[Any], one_in: int = ASK_ONE_IN) -> None:
        """``table`` is that of the models; one of ``one_in`` concerns that go on is asked about, at 0 none."""
        self._table = table
        self._one_in = one_in

    def is_put(self, tenant: str, doubt: Doubt) -> bool:
        """A concern arrived: whether a person is asked about it."""
        key = f"{tenant}/asked"
        before = self._table.get(key) or 0
        asking = Asking(self._one_in, before)
        asked = asking.put(doubt) is not None
        if asking.bar != before:
            self._table.put(key, asking.bar)
        return asked


def doubt_of(decision: Decided, facts: ItemFacts, category_milli: int | None) -> Doubt:
    """What is open about a concern; ``category_milli`` is how sure the tenant's own model is of its category."""
    return Doubt(
        decision.confidence_milli, decision.severity, facts.tier, category_milli, decision.needs_review
    )


def review_request(
    header: Mapping[str, Any],
    told: EnrichedItem,
    text: str,
    options: Sequence[str],
    category_milli: int | None,
    due: datetime | None = None,
) -> ReviewRequest:
    """Ask people about a concern with this ``text``; ``told`` is the item with it alone.

    ``header`` is ``Numbering.header``'s. Before ``due`` a model may still answer; None: nobody is waited for.
    """
    (concern,) = told.concerns
    decision = concern.decision
    return ReviewRequest.made(
        **header,
        kind="signal",
        event_time=told.event_time,
        reason="low_confidence" if decision.needs_review else ASKED_TO_LEARN,
        concern=concern,
        item=told,
        quote=text if told.coverage == "full" else None,
        worth_milli=doubt_of(decision, told.facts, category_milli).worth,
        due=due,
        options=tuple(options),
        category_milli=category_milli,
        schema_version="1.1",
    )
