"""Did a new theme's concerns come all at once, or were they always there, a few at a time?

If a family has been there all along, each of its concerns is equally likely to be any of those that the tenant sent. So
the chance that most of them lie among the latest share q is a binomial tail in q.
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import bdtrc

HORIZON = 5_000
"""Concerns that a family may have been spread over: as far back as a pass looks."""
_MOST = 0.75

LOOKS = (8, 12, 16, 20, 24)
"""A theme is looked at when it is born, and again at these sizes; then it is no longer new."""


def sudden(arrivals: Sequence[int], now: int) -> tuple[float, int, int]:
    """Chance of this by chance, how many of the concerns lie within the latest span, and that span.

    ``arrivals``: places of the concerns among all of the tenant, ``now``: how many there were.

    >>> sudden([9_990, 9_991, 9_993, 9_996, 9_999], 10_000)
    (5.2e-11, 4, 9)
    >>> sudden([5_500, 6_400, 7_300, 8_800, 9_990], 10_000)[0] > 0.1
    True
    """
    ages = sorted(now - arrival for arrival in arrivals)
    most = max(int(_MOST * len(ages) + 0.999), 1)
    span = min(ages[most - 1], HORIZON)
    share = span / max(min(now, HORIZON), 1)
    return float(f"{float(bdtrc(most - 1, len(ages), min(share, 1.0))):.2g}"), most, span
