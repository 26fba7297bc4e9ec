"""What a record of ``enriched`` means to the labeller: which concerns wait for an answer, and which wait no more.

A concern waits while local models alone have decided it and its route says that a model is asked. An answer, a person,
or a newer revision settles it.
"""

from __future__ import annotations

from collections import Counter

from connectors.labelling.store import Change, Wanted
from contracts.envelope import Envelope
from contracts.registry import write_record
from contracts.stages import Concern, EnrichedItem
from models.labelling.routes import RoutePolicy, choose


class Inbox:
    """Reads records; of ``counts``, ``seen`` are concerns that came, ``local`` those that need no model."""

    def __init__(self, policy: RoutePolicy) -> None:
        self._policy = policy
        self.counts: Counter[str] = Counter()

    def change(self, record: Envelope) -> Change:
        """What a record changes; nothing if it is no item."""
        if not isinstance(record, EnrichedItem):
            return Change()
        wanted: list[Wanted] = []
        settled = [*record.retracts, *(record.dismissed or ())]
        for concern in record.concerns:
            reason = self._asked(record, concern)
            if reason is None:
                settled.append(concern.concern_id)
            else:
                alone = record.model_copy(update={"concerns": (concern,), "retracts": (), "dismissed": None})
                wanted.append(Wanted(record.tenant, concern.concern_id, write_record(alone), reason))
        return Change(tuple(wanted), tuple(settled))

    def _asked(self, item: EnrichedItem, concern: Concern) -> str | None:
        """Why a model is asked about a concern; None if it is not."""
        if not concern.decision.provisional:
            return None
        self.counts["seen"] += 1
        chosen = choose(concern.decision, item.language, item.coverage, self._policy)
        self.counts["local"] += not chosen.asked
        return chosen.reason if chosen.asked else None
