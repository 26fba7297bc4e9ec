"""What would be sent, exactly, and to whom: for dry runs and for people who decide. Nothing is asked or written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.store.engine import micros
from connectors.store.evidence import Mark
from connectors.store.outbox import Effect
from contracts.envelope import Envelope
from contracts.errors import StateCorrupt
from contracts.priority import Withdrawal
from wiring.dispatch.dispatcher import Opened
from wiring.dispatch.stores import Stores
from wiring.dispatch.taking import TOO_OLD, effects_of, is_no_news
from wiring.dispatch.withdrawals import order_of
from wiring.dispatch.words import draft_of, without_quotes


@dataclass(frozen=True, slots=True)
class Preview:
    """One effect, with what it would send; None where what it carried is gone."""

    effect: Effect
    would: Any


def waiting(effects: Sequence[Effect], opened: Opened, stores: Stores, now: datetime) -> Iterator[Preview]:
    """What rows would send; of one that does not open, its reason is why, and the others are shown."""
    for effect in effects:
        try:
            yield preview(effect, opened, stores, now)
        except StateCorrupt as exc:
            yield Preview(replace(effect, reason=str(exc)), None)


def preview(effect: Effect, opened: Opened, stores: Stores, now: datetime) -> Preview:
    """What an effect would send, or take out, at ``now``. Raises ``StateCorrupt`` for one that does not open."""
    envelopes = stores.envelopes
    if effect.verb == "withdraw":
        marks = stores.evidence.of_issue(effect.destination, effect.about)
        return Preview(effect, _takes_out(effect, [one for one in marks if one.withdrawn_at is not None]))
    if effect.payload is None:
        return Preview(effect, None)
    if effect.verb == "alert":
        if is_no_news(effect, now):
            return Preview(replace(effect, state="cancelled", reason=TOO_OLD), None)
        sink = opened.sink_of(effect)
        return Preview(effect, sink and sink.preview(envelopes.notice(effect)))
    tracker, record = opened.tracker_of(effect), envelopes.issue(effect)
    if tracker is None:
        return Preview(effect, None)
    if effect.quotes_until <= micros(now):
        record = without_quotes(record)  # as it is before it is sent
    if effect.verb == "open":
        tenant = opened.destinations.tenants[effect.tenant]
        return Preview(effect, tracker.preview(draft_of(record, tenant.evidence_url)))
    changes = {"issue": effect.about, "comment": record.description, "labels_added": list(record.labels)}
    if record.into_issue_id:
        changes["related_to"] = record.into_issue_id
    return Preview(effect, changes)


def previews(records: Iterator[Envelope], opened: Opened, stores: Stores, now: datetime) -> Iterator[Preview]:
    """What records would do; of orders to withdraw, to the issues that are known by now."""
    for record in records:
        tenant = opened.destinations.tenants.get(record.tenant)
        if isinstance(record, Withdrawal):
            order, made = order_of(record, opened.destinations, now)
            for issue, marks in stores.evidence.meant(order).items():
                effect = made(issue)
                yield Preview(effect, _takes_out(effect, marks))
        elif tenant is not None:
            for effect in effects_of(record, tenant, stores.envelopes, now):
                yield preview(effect, opened, stores, now)


def _takes_out(effect: Effect, marks: Sequence[Mark]) -> dict[str, Any]:
    """What is to go of an issue, by ids and counts; nobody keeps the words."""
    quotes = [mark for mark in marks if mark.kind == "quote"]
    return {
        "issue": effect.about,
        "quotes_of_items": sorted({mark.item_id or "" for mark in quotes}),
        "links": len({mark.url for mark in quotes if mark.url}),
        "accounts": len({mark.mark for mark in marks if mark.kind == "account"}),
    }
