"""A circuit breaker: who failed several times in a row is not asked for a while, then by one caller first.

closed     every call may go; ``failures`` in a row open it.
open       no call may go until ``open_s`` have passed.
half open  one call, the probe, may go: its success closes the breaker, its failure opens it for twice as long.
held       no call may go until a time that the provider named (Retry-After); then all may.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

State = Literal["closed", "open", "half_open", "held"]


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """``failures`` in a row that open it; seconds it stays open, doubled after each failed probe up to a longest."""

    failures: int = 5
    open_s: float = 15.0
    longest_open_s: float = 240.0


@dataclass(frozen=True, slots=True)
class Admission:
    """The right to make one call; ``is_probe``: the one that finds out whether the provider is back."""

    is_probe: bool


class Breaker:
    """The state for one provider, for all threads; ``clock`` is in seconds."""

    def __init__(
        self, policy: BreakerPolicy | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._openings = 0
        self._open_until: float | None = None
        self._held_until = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        """Where it stands now."""
        with self._lock:
            now = self._clock()
            if now < self._held_until:
                return "held"
            if self._open_until is None:
                return "closed"
            return "open" if now < self._open_until else "half_open"

    def enter(self) -> Admission | None:
        """The right to call, None while there is none; every admission must ``leave``."""
        with self._lock:
            if self._wait_s() > 0 or self._probing:
                return None
            self._probing = self._open_until is not None
            return Admission(self._probing)

    def wait_s(self) -> float:
        """Seconds until a call may go; 0 while one may, or while a probe is under way."""
        with self._lock:
            return self._wait_s()

    def leave(self, admission: Admission, *, ok: bool | None, hold_s: float = 0.0) -> None:
        """Tell how the call went; None: it says nothing about the provider. ``hold_s``: let nobody in for so long."""
        with self._lock:
            if admission.is_probe:
                self._probing = False
            if hold_s > 0:
                self._held_until = max(self._held_until, self._clock() + hold_s)
            if ok:
                self._failures, self._openings, self._open_until = 0, 0, None
            elif ok is False:
                self._failed(admission)

    def _failed(self, admission: Admission) -> None:
        self._failures += 1
        # Calls that began before it opened may still fail after: they are old news.
        is_news = admission.is_probe or self._open_until is None
        if is_news and (admission.is_probe or self._failures >= self._policy.failures):
            longest_s = self._policy.longest_open_s
            self._open_until = self._clock() + min(longest_s, self._policy.open_s * 2.0**self._openings)
            self._openings = min(self._openings + 1, 30)

    def _wait_s(self) -> float:
        return max(0.0, max(self._held_until, self._open_until or 0.0) - self._clock())
