"""Many providers as one: the first that answers, in order; who could not is told with the answer.

Each of the providers that are left gets an equal part of the time that is left, so one that hangs leaves time for the
next. A refusal is an answer and no outage: it goes to nobody else. Money that is spent (``CapReached``) bars what
costs, not a server of one's own further down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from models.llm.base import Call, Provider, Reply
from models.llm.errors import Busy, CapReached, Held, NobodyAnswers, ProviderFailed
from models.llm.guarded import LONGEST_HOLD_S

RETRY_AFTER_S = 30.0
"""When to ask again where no provider said."""


class FailoverProvider:
    """Asks its ``tiers`` in order; for many threads if they are. ``clock`` is in seconds."""

    def __init__(self, tiers: Sequence[Provider], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tiers = tuple(tiers)
        self._clock = clock

    @property
    def name(self) -> str:
        """All names in order: ``openai, anthropic``."""
        return ", ".join(tier.name for tier in self._tiers) or "none"

    @property
    def model(self) -> str:
        """The first tier's: whom a call goes to while all is well."""
        return self._tiers[0].model if self._tiers else ""

    @property
    def tiers(self) -> tuple[Provider, ...]:
        """Who is asked, in order."""
        return self._tiers

    def ask(self, call: Call) -> Reply:
        """The first answer. Raises ``NobodyAnswers``, or ``CapReached`` if money is all that was missing."""
        until = self._clock() + call.deadline_s
        attempts: list[Exception] = []
        last: list[ProviderFailed | CapReached] = []
        for n, tier in enumerate(self._tiers):
            left_s = until - self._clock()
            if left_s <= 0:
                last.append(Held("no time was left to ask it", provider=tier.name, retry_after_s=0.0))
                continue
            try:
                reply = tier.ask(replace(call, deadline_s=left_s / (len(self._tiers) - n)))
            except (ProviderFailed, CapReached) as exc:
                attempts += [*exc.earlier, exc]
                last.append(exc)
            else:
                return replace(reply, failures=(*attempts, *reply.failures))
        raise _together(last)


def _together(last: Sequence[ProviderFailed | CapReached]) -> NobodyAnswers | CapReached:
    for failure in last:
        if isinstance(failure, CapReached) and all(isinstance(one, CapReached) for one in last):
            return failure
    waits_s = [one.retry_after_s for one in last if isinstance(one, Busy) and one.retry_after_s is not None]
    return NobodyAnswers(last, retry_after_s=min([LONGEST_HOLD_S, *waits_s] if waits_s else [RETRY_AFTER_S]))
