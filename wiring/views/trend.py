"""One word for where a theme is going, told from counts that may be small."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from wiring.views.model import Trend

RECENT_DAYS = 7
BASELINE_DAYS = 28
# A theme younger than this has no week before the last one to compare with: it is new.
NEW_DAYS = 14
# After this long without a word a theme is fading, however small it was.
SILENT_DAYS = 14
# One-sided 5 % point of the normal distribution.
Z = 1.645


def trend_of(daily: Sequence[int]) -> Trend:
    """The trend at the end of ``daily``, concerns per day over the whole run.

    ``new``: first heard in the last 14 days, after a week without it. ``rising`` and ``fading``: the last
    7 days against up to 28 days before them, where chance alone explains it in less than one case of 20;
    silent for 14 days is fading, too. Else, and in a run that is too short to tell, ``steady``.

    >>> trend_of([1] * 28 + [4] * 7), trend_of([4] * 28 + [0] * 7), trend_of([2] * 35)
    ('rising', 'fading', 'steady')
    """
    heard = [day for day, count in enumerate(daily) if count]
    if not heard:
        return "fading" if len(daily) > SILENT_DAYS else "steady"
    start = len(daily) - RECENT_DAYS
    if heard[0] >= max(RECENT_DAYS, len(daily) - NEW_DAYS):
        return "new"
    if len(daily) - heard[-1] > SILENT_DAYS:
        return "fading"
    days = min(BASELINE_DAYS, start - heard[0])
    if days < RECENT_DAYS:
        return "steady"
    z = _surprise(sum(daily[start:]), sum(daily[start - days : start]), RECENT_DAYS / (RECENT_DAYS + days))
    if abs(z) < Z:
        return "steady"
    return "rising" if z > 0 else "fading"


def _surprise(recent: int, before: int, share: float) -> float:
    """How far ``recent`` is from its expected share of both, in standard deviations of a binomial."""
    total = recent + before
    return (recent - total * share) / sqrt(total * share * (1 - share))
