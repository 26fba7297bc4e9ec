"""What time alone does to the outbox: quotes go, proposals are escalated or withdrawn, stranded effects tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connectors.alerting.port import Notice
from connectors.store.engine import moment_of
from connectors.store.outbox import Effect
from wiring.dispatch.destinations import Destinations, TenantEntry
from wiring.dispatch.metrics import DispatchMetrics
from wiring.dispatch.sealing import Envelopes
from wiring.dispatch.stores import Stores
from wiring.dispatch.taking import effect_id, of_notice
from wiring.dispatch.withdrawals import strip

EVERY = timedelta(seconds=30)
PROBE_AFTER = timedelta(minutes=10)
"""How long after a destination was given up on one of its effects is tried again: so everything is delivered within
an hour of its coming back."""

OURSELVES = "undercurrent"
"""Who decides what time decides."""


class Tending:
    """Looks every ``EVERY`` of the time it is told."""

    def __init__(self, destinations: Destinations, stores: Stores, metrics: DispatchMetrics) -> None:
        self._destinations = destinations
        self._stores = stores
        self._metrics = metrics
        self._next: datetime | None = None

    def tend(self, now: datetime) -> None:
        """Do what is due. Raises ``RetryLater`` when the store is away."""
        if self._next is not None and self._next - EVERY <= now < self._next:
            return
        self._next = now + EVERY
        outbox = self._stores.outbox
        strip(self._stores)
        outbox.rewrite(now, self._stores.envelopes.without_quotes)
        outbox.probe(now - PROBE_AFTER, now)
        waiting = {effect.tenant for effect in outbox.listed(["proposed"]) if self._waits(effect, now)}
        for name in sorted(waiting):
            outbox.add(list(waiting_of(self._destinations.tenants[name], self._stores.envelopes, now)))
        kinds = {name: entry.kind for name, (_, entry) in self._destinations.entries().items()}
        self._metrics.stands(outbox.counts(), kinds, len(self._stores.issues.paused()))

    def _waits(self, effect: Effect, now: datetime) -> bool:
        """Whether a proposal has waited so long that its tenant is told; one that waited too long is withdrawn."""
        tenant = self._destinations.tenants.get(effect.tenant)
        if tenant is None:
            return False
        waits = now - moment_of(effect.taken_at)
        if waits >= timedelta(hours=tenant.expire_after_h):
            why = f"nobody decided within {tenant.expire_after_h:g} h"
            self._stores.outbox.decide(effect.id, OURSELVES, now, "cancelled", ["proposed"], why)
            return False
        return waits >= timedelta(hours=tenant.escalate_after_h)


def waiting_of(tenant: TenantEntry, envelopes: Envelopes, now: datetime) -> Iterator[Effect]:
    """A word to the tenant's sinks, once a day, that proposals wait."""
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    notice = Notice(
        id=effect_id("waiting", tenant.tenant, day),
        tenant=tenant.tenant,
        about="proposals",
        severity="warn",
        title="Proposed issues wait for a decision",
        body=f"Some wait for over {tenant.escalate_after_h:g} h and are withdrawn after {tenant.expire_after_h:g} h. "
        "See them with: undercurrent outbox ls --state proposed",
        at=now,
        rule="outbox_waiting",
    )
    return of_notice(notice, tenant, envelopes, now, notice.id, 0, now)


def trouble_of(
    tenant: TenantEntry, destination: str, why: str, envelopes: Envelopes, now: datetime
) -> Iterator[Effect]:
    """A word to the tenant's other sinks that a destination rests."""
    notice = Notice(
        id=effect_id("rests", destination, now.isoformat()),
        tenant=tenant.tenant,
        about=destination,
        severity="page",
        title=f"Destination {destination} does not accept us",
        body=f"{why}. Nothing is lost: what is meant for it waits. See: undercurrent outbox ls --paused",
        at=now,
        rule="destination_rests",
    )
    return of_notice(notice, tenant, envelopes, now, notice.id, 0, now, but=destination)
