"""The dispatcher: records in, effects outside, each once; any number of processes may run one.

``take(record)`` makes rows of the outbox and is done when they are durable. ``deliver_due(now)`` carries out what is
due: claim, do, settle. A process may die at any instant: what it had claimed is claimed again when its lease ends, and
``issue_work`` finds out what it had done. One destination's trouble rests that destination and no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from asyncio import FIRST_COMPLETED, to_thread
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from connectors.alerting.port import AlertSink
from connectors.store.engine import micros
from connectors.store.issues import Pause
from connectors.store.outbox import Effect
from connectors.trackers.port import Tracker
from contracts.envelope import Envelope
from contracts.errors import RetryLater
from contracts.priority import Withdrawal
from wiring.dispatch.destinations import Destinations, TenantEntry
from wiring.dispatch.issue_work import IssueWork
from wiring.dispatch.marking import marks_of
from wiring.dispatch.metrics import DispatchMetrics
from wiring.dispatch.saying import Saying
from wiring.dispatch.settling import Verdict, done, failed
from wiring.dispatch.stores import LeaseLost, Stores
from wiring.dispatch.taking import effects_of
from wiring.dispatch.tending import Tending, trouble_of
from wiring.dispatch.withdrawals import strip, withdraw

LEASE_S = 60.0
"""How long a claim lasts unless it is renewed; a dead process's effects wait so long."""

TOGETHER = 32
"""Effects that are under way at once, ``EACH`` of them at one destination."""

EACH = 4

ROUND_S = 20.0
"""How long one call goes on claiming, so that its caller has its turn too."""

LOOK_S = 0.2
"""How often something new is looked for while something slow is under way."""

AT_ONCE = {"linear": 4, "jira": 4}
"""Effects at once at one destination; alert sinks take one after another, so that they stay in order."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was made of the destination file."""

    destinations: Destinations
    trackers: Mapping[str, Tracker]
    sinks: Mapping[str, AlertSink]

    def tracker_of(self, effect: Effect) -> Tracker | None:
        """Where an effect happens; None where the file gives its tenant no such tracker (any more)."""
        return self.trackers.get(effect.destination) if self._has(effect) else None

    def sink_of(self, effect: Effect) -> AlertSink | None:
        """Where an alert is said; None as in ``tracker_of``."""
        return self.sinks.get(effect.destination) if self._has(effect) else None

    def _has(self, effect: Effect) -> bool:
        tenant = self.destinations.tenants.get(effect.tenant)
        return tenant is not None and effect.destination in tenant.names()


@dataclass
class Dispatcher:
    """One process's; ``clock`` is asked for leases alone, ``jitter`` draws from 0 to 1."""

    opened: Opened
    stores: Stores
    metrics: DispatchMetrics
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random.random
    lease_s: float = LEASE_S
    _locks: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tending = Tending(self.opened.destinations, self.stores, self.metrics)

    async def take(self, record: Envelope) -> int:
        """Make rows of a record of ``linear`` or ``alerts``; how many are new. Durable when this returns.

        Raises ``RetryLater`` when the store is away.
        """
        tenant = self.opened.destinations.tenants.get(record.tenant)
        now = self.clock()
        made = [] if tenant is None else await to_thread(self._effects, record, tenant, now)
        if not made and not isinstance(record, Withdrawal):
            self.metrics.read("no_destination")
            return 0
        new = await to_thread(self._add, record, made, now)
        self.metrics.read("taken" if new else "known")
        return new

    def _add(self, record: Envelope, made: list[Effect], now: datetime) -> int:
        stores, destinations = self.stores, self.opened.destinations
        if isinstance(record, Withdrawal):
            new = withdraw(record, destinations, stores, now)
            strip(stores)
            return new
        told = destinations.tenants[record.tenant].evidence_url
        marks = [one for effect in made for one in marks_of(record, effect, stores.envelopes, told)]
        return stores.evidence.add(made, marks)

    def _effects(self, record: Envelope, tenant: TenantEntry, now: datetime) -> list[Effect]:
        return list(effects_of(record, tenant, self.stores.envelopes, now))

    async def deliver_due(self, now: datetime) -> Counter[str]:
        """Carry out everything that is due at ``now``; how many attempts came to what.

        Raises ``RetryLater`` when the store is away; whatever a destination does is settled in its rows.
        """
        await to_thread(self._tending.tend, now)
        began, outcomes = time.monotonic(), Counter[str]()
        running: dict[asyncio.Task[str], str] = {}
        try:
            while True:
                passed_s = time.monotonic() - began
                if passed_s < ROUND_S:
                    at = now + timedelta(seconds=passed_s)
                    for effect in await self._claimed(at, running):
                        running[asyncio.create_task(self._deliver(effect, at))] = effect.destination
                if not running:
                    return outcomes
                finished, _ = await asyncio.wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
                for task in finished:
                    del running[task]
                    outcomes[task.result()] += 1
        finally:
            for task in running:
                task.cancel()

    async def _claimed(self, at: datetime, running: Mapping[asyncio.Task[str], str]) -> list[Effect]:
        """What is due now, and of destinations that have enough to do."""
        free = TOGETHER - len(running)
        if not free:
            return []
        busy = [name for name, count in Counter(running.values()).items() if count >= EACH]
        claim = partial(self.stores.outbox.claim, at, lease_s=self.lease_s, most=free, each=EACH, but=busy)
        return await to_thread(claim)

    async def _deliver(self, effect: Effect, now: datetime) -> str:
        lock = self._locks.setdefault(effect.destination, asyncio.Semaphore(AT_ONCE.get(effect.kind, 1)))
        try:
            verdict = await self._held(effect, lock, now)
        except LeaseLost:
            return "lost"
        settled = await to_thread(lambda: self.stores.outbox.settle(effect, now, **verdict.changes))
        if not settled:
            return "lost"
        await to_thread(self._aftermath, effect, verdict, now)
        self.metrics.attempted(effect.kind, verdict.outcome)
        return verdict.outcome

    async def _held(self, effect: Effect, lock: asyncio.Semaphore, now: datetime) -> Verdict:
        """Do it, and hold the claim meanwhile."""
        work = asyncio.create_task(self._tried(effect, lock, now))
        try:
            while True:
                finished, _ = await asyncio.wait({work}, timeout=self.lease_s / 3)
                if finished:
                    return work.result()
                until = self.clock() + timedelta(seconds=self.lease_s)
                if not await to_thread(self.stores.outbox.renew, effect, until):
                    raise LeaseLost(effect.id)
        finally:
            work.cancel()

    async def _tried(self, effect: Effect, lock: asyncio.Semaphore, now: datetime) -> Verdict:
        async with lock:
            try:
                return done(await self._work(effect, now))
            except LeaseLost:
                raise
            except Exception as exc:  # noqa: BLE001 whatever one effect does, the others go on; its row says what
                verdict = failed(exc, effect, now, self.jitter)
                _log.info(
                    "%s %s: %s (%s)", effect.kind, effect.id, verdict.outcome, verdict.changes["reason"]
                )
                return verdict

    def _work(self, effect: Effect, now: datetime) -> Awaitable[str]:
        if effect.verb == "alert":
            return self._say(effect, now)
        tracker = self.opened.tracker_of(effect)
        if tracker is None:
            raise RetryLater("its destination stands in the file no more", retry_after_s=600.0)
        tenant = self.opened.destinations.tenants[effect.tenant]
        return IssueWork(tenant, tracker, self.stores).do(effect, now)

    async def _say(self, effect: Effect, now: datetime) -> str:
        sink = self.opened.sink_of(effect)
        if sink is None:
            raise RetryLater("its destination stands in the file no more", retry_after_s=600.0)
        joined = partial(self.metrics.attempted, outcome="joined")
        return await Saying(self.stores, self.clock, self.lease_s, joined).say(effect, sink, now)

    def _aftermath(self, effect: Effect, verdict: Verdict, now: datetime) -> None:
        """What an attempt means for its destination, and for what people deleted."""
        stores, name = self.stores, effect.destination
        if verdict.pauses:
            until = None if verdict.until is None else micros(verdict.until)
            reason = str(verdict.changes["reason"])[:500]
            new = stores.issues.pause(Pause(name, effect.tenant, reason, micros(now), until))
            tenant = self.opened.destinations.tenants.get(effect.tenant)
            if new and verdict.tells and tenant is not None:
                stores.outbox.add(list(trouble_of(tenant, name, reason, stores.envelopes, now)))
        elif verdict.changes["state"] == "done":
            stores.issues.resume(name)
            stores.outbox.release(name, now)
        elif verdict.outcome == "deleted":
            stores.forget(name, effect.about, now)
