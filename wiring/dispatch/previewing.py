"""What would be sent, exactly, and to whom: for dry runs and for people who decide. Nothing is asked or written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.store.outbox import Effect
from contracts.envelope import Envelope
from wiring.dispatch.dispatcher import Opened
from wiring.dispatch.sealing import Envelopes
from wiring.dispatch.taking import effects_of
from wiring.dispatch.words import draft_of


@dataclass(frozen=True, slots=True)
class Preview:
    """One effect, with what it would send; None where what it carried is gone."""

    effect: Effect
    would: Any


def preview(effect: Effect, opened: Opened, envelopes: Envelopes) -> Preview:
    """What an effect would send."""
    if effect.payload is None:
        return Preview(effect, None)
    if effect.verb == "alert":
        sink = opened.sinks.get(effect.destination)
        return Preview(effect, sink and sink.preview(envelopes.notice(effect)))
    tracker, record = opened.trackers.get(effect.destination), envelopes.issue(effect)
    if tracker is None:
        return Preview(effect, None)
    if effect.verb == "open":
        tenant = opened.destinations.tenants[effect.tenant]
        return Preview(effect, tracker.preview(draft_of(record, tenant.evidence_url)))
    changes = {"issue": effect.about, "comment": record.description, "labels_added": list(record.labels)}
    if record.into_issue_id:
        changes["related_to"] = record.into_issue_id
    return Preview(effect, changes)


def previews(
    records: Iterator[Envelope], opened: Opened, envelopes: Envelopes, now: datetime
) -> Iterator[Preview]:
    """What records would do."""
    for record in records:
        tenant = opened.destinations.tenants.get(record.tenant)
        if tenant is not None:
            for effect in effects_of(record, tenant, envelopes, now):
                yield preview(effect, opened, envelopes)
