"""What an attempt that failed means for its row and for its destination: pure, but for the jitter.

Three tries, with exponential backoff and full jitter, then a person; what failed because the other side was away comes
back by itself once that answers again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.outgoing import Closed, Gone, Limited, Refused, Unauthorised
from connectors.store.engine import micros
from connectors.store.outbox import Effect
from contracts.errors import RetryLater, WrongUsage
from wiring.dispatch.stores import Later

TRIES = 3
FIRST_S = 15.0
"""The wait before the second try is uniform in 0 to this, before the third 0 to four times it."""

PAUSE = timedelta(minutes=10)
"""How long a destination that does not accept us rests before it is tried again; its credential may be new by then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Changes of the row, the word for the metric, and whether the destination rests (``until``; None: for good)."""

    outcome: str
    changes: dict[str, Any]
    pauses: bool = False
    until: datetime | None = None
    tells: bool = False


def done(outcome: str) -> Verdict:
    """It happened; what it carried is not needed any more."""
    return Verdict(
        outcome, {"state": "done", "reason": "", "payload": None, "has_quotes": False, "is_outage": False}
    )


def failed(exc: Exception, effect: Effect, now: datetime, jitter: Callable[[], float]) -> Verdict:
    """``jitter`` draws from 0 to 1."""
    why = str(exc) or type(exc).__name__
    match exc:
        case Later():
            return Verdict("deferred", _again(exc.until, why))
        case Gone():
            return _cancelled("deleted", why)
        case Limited():
            until = now + timedelta(seconds=max(1.0, exc.retry_after_s) * (1 + 0.1 * jitter()))
            return Verdict("limited", _again(until, why), pauses=True, until=until)
        case Unauthorised() | WrongUsage():
            return Verdict("unauthorised", _again(now, why), pauses=True, until=now + PAUSE, tells=True)
        case Closed():
            return Verdict("closed", _again(now, why), pauses=True, tells=True)
        case RetryLater():
            return _retried(exc, effect, now, jitter, why)
        case Refused() if exc.reason in ("no_issue", "too_old"):
            return _cancelled(exc.reason, why)
        case Refused():
            return Verdict("refused", {"state": "manual", "reason": why, "is_outage": False})
        case _:
            told = f"unexpected: {type(exc).__name__}"
            return Verdict("failed", {"state": "manual", "reason": told, "is_outage": False})


def _retried(
    exc: RetryLater, effect: Effect, now: datetime, jitter: Callable[[], float], why: str
) -> Verdict:
    attempts = effect.attempts + 1
    if attempts >= TRIES:
        changes = {"state": "manual", "attempts": attempts, "reason": why, "is_outage": True}
        return Verdict("gave_up", changes)
    wait_s = max(exc.retry_after_s, jitter() * FIRST_S * 4.0 ** (attempts - 1))
    return Verdict("retried", {**_again(now + timedelta(seconds=wait_s), why), "attempts": attempts})


def _again(at: datetime, why: str) -> dict[str, Any]:
    return {"state": "pending", "next_at": micros(at), "reason": why}


def _cancelled(outcome: str, why: str) -> Verdict:
    return Verdict(outcome, {"state": "cancelled", "reason": why, "payload": None, "has_quotes": False})
