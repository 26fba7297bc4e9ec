"""Apple's hourly quota, as every answer tells it: ``X-Rate-Limit: user-hour-lim:3500;user-hour-rem:500;``."""

from __future__ import annotations

from typing import Final

from connectors.vendors.http import Answer

# The hour rolls: what was used up comes back bit by bit.
PAUSE_WHEN_EMPTY_S: Final = 300.0
PAUSE_WHEN_LOW_S: Final = 10.0
# Low is under this part of the quota.
LOW: Final = 20


def quota(header: str) -> tuple[int, int] | None:
    """The hour's quota and what is left of it; None where the header says neither."""
    told = dict(part.strip().partition(":")[::2] for part in header.split(";") if ":" in part)
    try:
        return int(told["user-hour-lim"]), int(told["user-hour-rem"])
    except (KeyError, ValueError):
        return None


def pause_s(answer: Answer) -> float | None:
    """Seconds to ask nothing more; None while there is plenty, and for errors that are not of quota."""
    left = quota(answer.headers.get("x-rate-limit", ""))
    if left is None or answer.status not in (200, 429):
        return None
    if left[1] <= 0:
        return PAUSE_WHEN_EMPTY_S
    return PAUSE_WHEN_LOW_S if left[1] * LOW < left[0] else None
