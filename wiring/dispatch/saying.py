"""Say an alert; at a sink that people read, together with what else is to be said there.

The first alert after a while of silence is said at once. What comes within ``together_s`` of a message waits until that
is over, and becomes one message with everything that is due at its destination then: at most one message in so long.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from connectors.alerting.port import AlertSink, JoiningSink, Notice
from connectors.outgoing import Refused
from connectors.store.engine import micros, moment_of
from connectors.store.outbox import Effect
from contracts.errors import StateCorrupt
from wiring.dispatch.settling import done
from wiring.dispatch.stores import Later, LeaseLost, Stores
from wiring.dispatch.taking import ALERTS_LAST, TOO_OLD, is_no_news

MOST = 200
"""Alerts of one message; what is left makes another."""


SOON = timedelta(seconds=1)
"""When to look again whether what another process says is said."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Says alerts; ``joined`` is told of each alert that went with another one, by the kind of its sink."""

    stores: Stores
    clock: Callable[[], datetime]
    lease_s: float
    joined: Callable[[str], None]

    async def say(self, effect: Effect, sink: AlertSink, now: datetime) -> str:
        """Say it. Raises ``Later``, ``LeaseLost``, and what the sink raises."""
        if is_no_news(effect, now):
            raise Refused(TOO_OLD, reason="too_old")
        if not isinstance(sink, JoiningSink) or not sink.together_s:
            await sink.send(await to_thread(self.stores.envelopes.notice, effect))
            return "sent"
        until = self.clock() + timedelta(seconds=self.lease_s)
        if not await to_thread(self.stores.outbox.renew, effect, until):
            raise LeaseLost(effect.id)  # another one of its claim has taken it along
        if not await to_thread(self.stores.alerts.speaks, effect, now):
            raise Later("another one is being said there", now + SOON)
        await self._wait(effect, timedelta(seconds=sink.together_s), now)
        others = await to_thread(self._others, effect, now)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(to_thread, self._give_back, others, now)
            notice = await to_thread(self.stores.envelopes.notice, effect)
            told = await to_thread(self._notices, others)
            await sink.send_all([notice, *told.values()])
            undo.pop_all()
        await to_thread(self._settle, [one for one in others if one.id in told], now)
        await to_thread(self._give_back, [one for one in others if one.id not in told], now)
        return "sent"

    async def _wait(self, effect: Effect, silence: timedelta, now: datetime) -> None:
        said = await to_thread(self.stores.alerts.said_last, effect.destination, now - silence)
        if said is not None:
            raise Later("it is said together with what comes meanwhile", moment_of(said) + silence)

    def _others(self, effect: Effect, now: datetime) -> list[Effect]:
        join = partial(self.stores.alerts.join, effect, now, lease_s=self.lease_s, most=MOST - 1)
        return join(since=now - ALERTS_LAST)

    def _notices(self, effects: Sequence[Effect]) -> dict[str, Notice]:
        """What they say, by id; one that does not open is left out, and is found so when it is said by itself."""
        told = {}
        for one in effects:
            with suppress(StateCorrupt):
                told[one.id] = self.stores.envelopes.notice(one)
        return told

    def _give_back(self, others: Sequence[Effect], now: datetime) -> None:
        for one in others:
            self.stores.outbox.settle(one, now, state="pending", next_at=micros(now))

    def _settle(self, others: Sequence[Effect], now: datetime) -> None:
        for one in others:
            if self.stores.outbox.settle(one, now, **done("sent").changes):
                self.joined(one.kind)
