"""Did a theme's accounts really fall after its issue was done? Two equal times, compared as Poisson counts.

The test is the exact conditional one (Przyborowski and Wilenski, 1940), two-sided by doubling the smaller tail; the
interval of the ratio follows from Wilson's interval of the later count's share of both.
"""

from __future__ import annotations

from contracts.priority import Drop
from models.priority.growth import growth_p
from models.priority.wilson import wilson_interval

SHOWN_AT = 0.05
"""A change is shown if chance makes one this large less often than that."""


def drop_of(before: int, after: int) -> Drop:
    """What is shown about two counts of equal times.

    >>> drop_of(30, 4).verdict, drop_of(3, 1).verdict, drop_of(2, 20).verdict
    ('fell', 'not shown', 'rose')
    """
    p = min(1.0, 2 * min(growth_p(before, after), growth_p(after, before)))
    share = wilson_interval(after, before + after)
    return Drop(
        before=before,
        after=after,
        ratio_low=round(share.low / (1 - share.low), 6) if share.low < 1 else 0.0,
        ratio_high=round(share.high / (1 - share.high), 6) if share.high < 1 else None,
        p=round(p, 6),
        verdict="not shown" if p >= SHOWN_AT else "fell" if after < before else "rose",
    )
