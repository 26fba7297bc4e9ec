"""A provider that is asked up to three times: waits grow, are drawn at random, and are never shorter than asked for.

Full jitter: the wait before attempt n+1 is uniform in [0, min(longest, first · 2^(n-1))], on top of what the provider
asked for (Brooker, "Exponential backoff and jitter", 2015). Only ``Busy`` is tried again; one that asks for more
patience than ours is left to the next provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tenacity import RetryCallState, Retrying, retry_if_exception

from models.llm.around import Around
from models.llm.base import Call, Provider, Reply
from models.llm.errors import Busy, CapReached, Held, ProviderFailed


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how long between; seconds."""

    tries: int = 3
    first_s: float = 0.5
    longest_s: float = 8.0
    patience_s: float = 5.0
    """A provider that asks for a longer wait than this is not waited for: the next one is nearer."""
    attempt_s: float = 60.0
    """The longest a single attempt may take; a model of one's own may take this long to load."""


class RetryingProvider(Around):
    """Asks another provider again while it is busy; for many threads. ``clock`` and ``sleep`` are in seconds."""

    def __init__(
        self,
        inner: Provider,
        policy: RetryPolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: Random | None = None,
    ) -> None:
        super().__init__(inner)
        self._policy = policy or RetryPolicy()
        self._clock = clock
        self._sleep = sleep
        self._rng = rng or Random()  # noqa: S311  # spreads callers in time, keeps no secret

    def ask(self, call: Call) -> Reply:
        """The first answer. Raises what the last attempt raised, with the ``earlier`` ones in it."""
        until = self._clock() + call.deadline_s
        failures: list[Exception] = []
        retrying = Retrying(
            retry=retry_if_exception(self._is_worth_it),
            wait=self._wait_s,
            stop=lambda state: self._is_over(state, until),
            sleep=self._sleep,
            reraise=True,
        )
        reply: Reply = retrying(self._attempt, call, until, failures)
        return replace(reply, failures=(*failures, *reply.failures))

    def _attempt(self, call: Call, until: float, failures: list[Exception]) -> Reply:
        deadline_s = min(self._policy.attempt_s, until - self._clock())
        try:
            return self._inner.ask(replace(call, deadline_s=deadline_s))
        except (ProviderFailed, CapReached) as exc:
            exc.earlier = tuple(failures)
            failures.append(exc)
            raise

    def _is_worth_it(self, exc: BaseException) -> bool:
        if not isinstance(exc, Busy) or isinstance(exc, Held):
            return False
        return (exc.retry_after_s or 0.0) <= self._policy.patience_s

    def _wait_s(self, state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        asked_s = failed.retry_after_s if isinstance(failed, Busy) else None
        most_s = min(self._policy.longest_s, self._policy.first_s * 2.0 ** (state.attempt_number - 1))
        return (asked_s or 0.0) + self._rng.uniform(0.0, most_s)

    def _is_over(self, state: RetryCallState, until: float) -> bool:
        return state.attempt_number >= self._policy.tries or self._clock() + state.upcoming_sleep >= until
