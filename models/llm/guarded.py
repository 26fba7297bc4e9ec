"""A provider behind its breaker and a limit of calls at once; every attempt is told to whoever watches.

What was not asked costs nothing and takes no time: ``Held`` is raised at once while the breaker is not closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import Protocol

from models.llm.around import Around
from models.llm.base import Call, Provider, Reply
from models.llm.breaker import Breaker
from models.llm.errors import Busy, Held, Misconfigured, OutOfQuota, ProviderFailed, Rejected

QUOTA_HOLD_S = 600.0
"""A person must pay first; look again every ten minutes."""

MISCONFIGURED_HOLD_S = 60.0
"""A person must set something first; a key in a file takes effect within a minute."""

LONGEST_HOLD_S = 86_400.0
"""A provider that asks for more than a day is asked again after one: its clock may be wrong."""

STILL_REJECTED = 20
"""So many calls in a row that it does not take are no longer about the calls."""

MANY_REQUESTS = 429
NOT_TAKEN = (400, 422)
"""Statuses by which a provider that is set up wrongly refuses every call, and one that is not refuses this one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what came of it: exactly one of ``reply`` and ``failure``. ``seconds`` is how long it took."""

    provider: str
    model: str
    seconds: float
    reply: Reply | None = None
    failure: ProviderFailed | None = None

    @property
    def outcome(self) -> str:
        """As metrics call it: ``ok``, ``truncated``, ``refused``, ``empty``, ``http_429``, ``away`` …"""
        if self.reply is not None:
            return "ok" if self.reply.outcome == "answered" else self.reply.outcome
        status = self.failure.status if self.failure else None
        if status is not None and not 200 <= status < 300:
            return f"http_{status}"
        return self.failure.outcome if self.failure else "failed"


class Watcher(Protocol):
    """Whoever counts; must not raise."""

    def attempted(self, attempt: Attempt) -> None:
        """One request was made."""
        ...


class GuardedProvider(Around):
    """Lets at most ``limit`` calls at once to another provider, and none while its breaker says so."""

    def __init__(
        self,
        inner: Provider,
        breaker: Breaker,
        *,
        limit: int = 8,
        watcher: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(inner)
        self.breaker = breaker
        self._slots = BoundedSemaphore(limit)
        self._watcher = watcher
        self._clock = clock
        # Calls in a row that it did not take since its last answer; None before the first answer.
        self._not_taken: int | None = None

    def ask(self, call: Call) -> Reply:
        """One attempt. Raises ``Held`` without asking where it may not; waits for a free slot within the deadline."""
        self._refuse_if_held()
        began = self._clock()
        if not self._slots.acquire(timeout=max(0.0, call.deadline_s)):
            raise Held("has as many calls as it may", provider=self.name, retry_after_s=1.0)
        try:
            left_s = call.deadline_s - (self._clock() - began)
            return self._ask_in_slot(replace(call, deadline_s=left_s))
        finally:
            self._slots.release()

    def _ask_in_slot(self, call: Call) -> Reply:
        admission = self.breaker.enter()
        if admission is None:
            self._refuse_if_held()
            raise Held("is being tried by another caller", provider=self.name, retry_after_s=1.0)
        ok: bool | None = None
        hold_s = 0.0
        try:
            reply = self._asked(call)
            ok = True
        except ProviderFailed as exc:
            ok, hold_s = _verdict(exc)
            raise
        finally:
            self.breaker.leave(admission, ok=ok, hold_s=hold_s)
        return reply

    def _asked(self, call: Call) -> Reply:
        began = self._clock()
        try:
            reply = self._inner.ask(call)
        except ProviderFailed as exc:
            failure = self._judged(exc)
            self._tell(Attempt(self.name, self.model, self._clock() - began, failure=failure))
            raise failure from None
        self._not_taken = 0
        self._tell(Attempt(self.name, self.model, self._clock() - began, reply=reply))
        return reply

    def _judged(self, failure: ProviderFailed) -> ProviderFailed:
        """One that answers other calls and does not take this one is set up well: it is about this call."""
        if (
            not isinstance(failure, Misconfigured)
            or failure.status not in NOT_TAKEN
            or self._not_taken is None
        ):
            return failure
        self._not_taken += 1
        if self._not_taken > STILL_REJECTED:
            return failure
        return Rejected(
            f"does not take this call, though it takes others ({failure.status})",
            provider=self.name,
            status=failure.status,
            request_id=failure.request_id,
        )

    def _tell(self, attempt: Attempt) -> None:
        if self._watcher is not None:
            self._watcher.attempted(attempt)

    def _refuse_if_held(self) -> None:
        wait_s = self.breaker.wait_s()
        if wait_s > 0:
            raise Held(
                f"is known to be away ({self.breaker.state})", provider=self.name, retry_after_s=wait_s
            )


def _verdict(failure: ProviderFailed) -> tuple[bool | None, float]:
    """What a failure says about the provider (True: it lives), and for how many seconds nobody should ask it."""
    if isinstance(failure, Rejected):
        return True, 0.0
    if isinstance(failure, OutOfQuota):
        return None, QUOTA_HOLD_S
    if isinstance(failure, Misconfigured) and failure.status not in NOT_TAKEN:
        return None, MISCONFIGURED_HOLD_S
    if isinstance(failure, Busy) and failure.retry_after_s is not None:
        hold_s = min(failure.retry_after_s, LONGEST_HOLD_S)
        return (None if failure.status == MANY_REQUESTS else False), hold_s
    return False, 0.0
