"""One word for where a theme is going, told from counts that may be small."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from wiring.views.model import Trend

RECENT_DAYS = 7
BASELINE_DAYS = 28
# A theme's first days say little about its pace: at least this many days stand for what was before.
LEAST_BASELINE_DAYS = 3
# After this long without a word a theme is fading, however small it was.
SILENT_DAYS = 14
# One-sided 5 % point of the normal distribution.
Z = 1.645


def trend_of(daily: Sequence[int]) -> Trend:
    """The trend at the end of ``daily``, concerns per day over the whole run.

    ``new``: first heard in the last 7 days of a longer run. ``rising`` and ``fading``: the last 7 days
    against up to 28 days before them, where chance alone explains it in less than one case of 20.

    >>> trend_of([1] * 28 + [4] * 7), trend_of([4] * 28 + [0] * 7), trend_of([2] * 35)
    ('rising', 'fading', 'steady')
    """
    first = next((day for day, count in enumerate(daily) if count), len(daily))
    last = next((day for day in reversed(range(len(daily))) if daily[day]), 0)
    start = len(daily) - RECENT_DAYS
    if first >= start:
        return "new" if start > 0 else "steady"
    if len(daily) - last > SILENT_DAYS:
        return "fading"
    days = min(BASELINE_DAYS, max(LEAST_BASELINE_DAYS, start - first))
    recent, before = sum(daily[start:]), sum(daily[max(0, start - days) : start])
    total, share = recent + before, RECENT_DAYS / (RECENT_DAYS + days)
    z = (recent - total * share) / sqrt(total * share * (1 - share)) if total else 0.0
    if z >= Z:
        return "rising"
    return "fading" if z <= -Z else "steady"
