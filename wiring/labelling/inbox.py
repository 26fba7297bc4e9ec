"""What a record of ``enriched`` means to the labeller: which concerns wait for an answer, which wait no more,
what people decided, and which categories they added.

A concern waits while local models alone have decided it and its route says that a model is asked. An answer, a person,
or a newer revision settles it. What a person decided is an example for models, until the concern stands no more.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections import Counter

from connectors.labelling.store import Change, Decided, Labelled, Wanted
from contracts.commands import AddLabel, Command
from contracts.envelope import Envelope
from contracts.identity import ordinal_of
from contracts.registry import write_record
from contracts.stages import Concern, Decision, EnrichedItem
from models.labelling.routes import RoutePolicy, choose

SURE_MILLI = 1000
"""The confidence of what a person said."""


class Inbox:
    """Reads records; of ``counts``, ``seen`` are concerns that came, ``local`` those that need no model."""

    def __init__(self, policy: RoutePolicy, *, anew: bool = False) -> None:
        """``anew``: what a model has answered is asked about as if none had; what a person decided is not."""
        self._policy = policy
        self._anew = anew
        self.counts: Counter[str] = Counter()

    def change(self, record: Envelope) -> Change:
        """What a record changes; nothing if it is no item, nor adds a category."""
        if isinstance(record, Command) and isinstance(record.order, AddLabel):
            order, at = record.order, ordinal_of(record.id)
            told = order.model_dump_json(exclude_none=True).encode()
            return Change(labels=(Labelled(record.tenant, order.name, at, told),))
        if not isinstance(record, EnrichedItem):
            return Change()
        wanted: list[Wanted] = []
        gone = (*record.retracts, *(record.dismissed or ()))
        decided: list[Decided] = []
        settled = [*gone]
        for concern in record.concerns:
            if self._anew and not concern.decision.provisional and not is_of_person(concern.decision):
                continue  # it waits as local models decided it, as far as the topic still holds that
            reason = self._asked(record, concern)
            if reason is None:
                settled.append(concern.concern_id)
            else:
                wanted.append(Wanted(record.tenant, concern.concern_id, _alone(record, concern), reason))
            if is_of_person(concern.decision) and may_leave(record, self._policy):
                decided += _decided(record, concern)
        return Change(tuple(wanted), tuple(settled), tuple(decided), gone)

    def _asked(self, item: EnrichedItem, concern: Concern) -> str | None:
        """Why a model is asked about a concern; None if it is not."""
        if not concern.decision.provisional:
            return None
        self.counts["seen"] += 1
        chosen = choose(concern.decision, item.language, item.coverage, self._policy)
        self.counts["local"] += not chosen.asked
        return chosen.reason if chosen.asked else None


def is_of_person(decision: Decision) -> bool:
    """Whether a person said so: no model is that sure."""
    return not decision.provisional and not decision.needs_review and decision.confidence_milli == SURE_MILLI


def may_leave(item: EnrichedItem, policy: RoutePolicy) -> bool:
    """Whether an item's words may be shown to models elsewhere."""
    return item.coverage == "full" or policy.names_may_leave


def _decided(item: EnrichedItem, concern: Concern) -> list[Decided]:
    vector = concern.vector
    if vector is None:
        return []
    data = a2b_base64(vector.data)
    record = _alone(item, concern)
    return [Decided(item.tenant, concern.concern_id, item.language, vector.model, data, record)]


def _alone(item: EnrichedItem, concern: Concern) -> bytes:
    return write_record(item.model_copy(update={"concerns": (concern,), "retracts": (), "dismissed": None}))
