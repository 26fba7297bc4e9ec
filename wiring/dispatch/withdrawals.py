"""Orders to withdraw: which issues they concern, and effects that still wait without what was withdrawn.

Nothing asks whether it may: an erasure is owed, whatever a tenant's autonomy says of other effects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.store.engine import micros
from connectors.store.evidence import Issue, Mark, Taken
from connectors.store.outbox import Effect
from contracts.priority import Withdrawal
from wiring.dispatch.destinations import Destinations
from wiring.dispatch.marking import subjects_of, without
from wiring.dispatch.stores import Stores
from wiring.dispatch.taking import effect_id, place_of

REMOVED = "removed"
"""The kind of a destination that stands in the file no more; its effects end in the manual queue."""


def withdraw(record: Withdrawal, destinations: Destinations, stores: Stores, now: datetime) -> int:
    """Make an effect for each issue that may repeat what is withdrawn; how many are new."""
    order, made = order_of(record, destinations, now)
    return stores.evidence.withdraw(order, now, made)


def order_of(
    record: Withdrawal, destinations: Destinations, now: datetime
) -> tuple[Taken, Callable[[Issue], Effect]]:
    """What a record orders, and the effect that it has on an issue."""
    kinds = {name: entry.kind for name, (_, entry) in destinations.entries().items()}
    subjects = subjects_of(record.subject) if record.subject else ()
    order = Taken(record.tenant, subjects, record.concern_id)
    return order, lambda issue: _effect(record, issue, kinds.get(issue[0], REMOVED), now)


def strip(stores: Stores) -> int:
    """Rewrite what waits and still holds what was withdrawn; how many payloads."""
    envelopes = stores.envelopes

    def rewritten(effect: Effect, gone: Sequence[Mark]) -> str:
        return envelopes.of_issue(without(envelopes.issue(effect), gone, envelopes))

    return stores.evidence.strip(rewritten)


def _effect(record: Withdrawal, issue: Issue, kind: str, now: datetime) -> Effect:
    at, (destination, issue_id) = micros(now), issue
    return Effect(
        id=effect_id(destination, "withdraw", issue_id, record.id),
        tenant=record.tenant,
        destination=destination,
        kind=kind,
        verb="withdraw",
        about=issue_id,
        place=place_of(record),
        record_id=record.id,
        urgency=1,
        state="pending",
        autonomy="act",
        next_at=at,
        happened_at=micros(record.event_time),
        taken_at=at,
        changed_at=at,
    )
