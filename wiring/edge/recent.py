"""How much came lately, by name: a moving window over the seconds before now.

State: in memory. ``limits`` counts by the wall clock, which may be set. Set on, the window is empty; set back, all that
it holds lies ahead, and who is at a limit would be refused until the clock is there again: then all is forgotten.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

SET_BACK_S = 1.0
"""By less than that clocks are corrected all the time; it makes a window so much longer, once."""


def _empty() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


@dataclass
class Recent:
    """Counts for all names; safe for many threads."""

    _counts: MovingWindowRateLimiter = field(default_factory=_empty)
    _latest_s: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def hit(self, limit: RateLimitItem, name: str, cost: int = 1) -> bool:
        """Count ``cost`` more, unless that is above ``limit``: then nothing is counted, and False."""
        return self._now().hit(limit, name, cost=cost)

    def free_in_s(self, limit: RateLimitItem, name: str) -> float:
        """Seconds until the first of what is counted leaves the window."""
        return self._now().get_window_stats(limit, name).reset_time - time.time()

    def _now(self) -> MovingWindowRateLimiter:
        with self._lock:
            now_s = time.time()
            if now_s < self._latest_s - SET_BACK_S:
                self._counts, self._latest_s = _empty(), now_s
            self._latest_s = max(self._latest_s, now_s)
            return self._counts
