"""Is this week's count really larger than last week's? The exact conditional test of two Poisson counts.

Given both counts' sum n, the later one is Binomial(n, 1/2) if the rate did not change (Przyborowski and
Wilenski, 1940). The sum is taken over exact integers up to ``EXACT_UP_TO``; above it by the normal curve.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, erfc, sqrt

EXACT_UP_TO = 1_000
"""Largest n summed exactly; the normal approximation is right to three digits from here on."""


@lru_cache(maxsize=4096)
def growth_p(before: int, now: int) -> float:
    """The one-sided p-value that a rise from ``before`` to ``now`` is chance.

    >>> round(growth_p(5, 15), 4)
    0.0207
    >>> growth_p(0, 0)
    1.0
    """
    n = before + now
    if n > EXACT_UP_TO:
        return erfc((now - 0.5 - n / 2) / sqrt(n / 2)) / 2
    return sum(comb(n, k) for k in range(now, n + 1)) / (1 << n)
