"""The Wilson score interval: how sure a share is, right at n = 10 as well as at n = 10,000.

Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference".
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

from contracts.priority import Interval

Z_95 = 1.959963984540054
"""The two-sided 95 % point of the normal distribution."""


@lru_cache(maxsize=8192)
def wilson_interval(count: int, of: int, z: float = Z_95) -> Interval:
    """The share ``count / of`` with its score interval, rounded to six places; ``of`` 0 says nothing: [0, 1].

    Raises ``ValueError`` unless 0 ≤ count ≤ of.

    >>> interval = wilson_interval(9, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.596, 0.982)
    """
    if not 0 <= count <= of:
        raise ValueError(f"a share needs 0 <= count <= of, got {count} of {of}")
    if of == 0:
        return Interval(count=0, of=0, low=0.0, high=1.0)
    share, square = count / of, z * z
    centre = (share + square / (2 * of)) / (1 + square / of)
    reach = z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = 0.0 if count == 0 else round(max(0.0, centre - reach), 6)
    high = 1.0 if count == of else round(min(1.0, centre + reach), 6)
    return Interval(count=count, of=of, low=low, high=high)
