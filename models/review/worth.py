"""The expected value of a person's answer, as an integer, so that whoever asks most urgently is told first.

In: how likely we are right, how severe the concern is, whose it is, and how sure the tenant's own model is of its
category.   Out: 0 to ``MOST``. A pure function.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

from contracts.feedback import Tier
from contracts.stages import Severity

SEVERITY: Mapping[Severity, int] = {"critical": 4, "high": 3, "medium": 2, "low": 1}
TIER_MILLI: Mapping[Tier, int] = {
    "unknown": 1000,
    "free": 1000,
    "pro": 1150,
    "business": 1400,
    "enterprise": 1800,
}
"""What a customer's tier weighs, as in the default weights of priority."""

LESSON = 2
"""What the models learn from an even question of category, in even questions about something of low severity. At 2 what
goes on (confidence from .7) and is low stays, for the same customer, below what waits and is critical (.3 to .7)."""

MOST = 1000 * 4 * 18 // 10 + 1000 * LESSON
"""No answer about a single concern is worth more."""


def worth(p_milli: int, severity: Severity, tier: Tier = "unknown", category_milli: int | None = None) -> int:
    """What a wrong decision would cost, 4·p·(1 - p) · severity · tier, and what is learned, 4·q·(1 - q) · ``LESSON``.

    ``p_milli``: the probability, in thousandths, that what was decided is right. ``category_milli``, q: the same of the
    category, by the newest version of the tenant's own model; nothing is learned where nobody has taught one (None).

    >>> worth(500, "critical"), worth(900, "critical"), worth(500, "low"), worth(500, "critical", "enterprise")
    (4000, 1440, 1000, 7200)
    >>> worth(900, "low", category_milli=500), worth(900, "low", category_milli=900)
    (2360, 1080)
    """
    cost = _open(p_milli) * SEVERITY[severity] * TIER_MILLI[tier] // 1_000_000
    return cost + (0 if category_milli is None else LESSON * _open(category_milli) // 1000)


def worth_of_theme(stakes: int, concerns: int) -> int:
    """What an answer about a whole theme is worth: the mean of its concerns' worths, times the root of their number.

    What holds of one of them holds for most, so a hundred count for ten.

    >>> worth_of_theme(16 * 900, 16), worth_of_theme(900, 1), worth_of_theme(0, 0)
    (3600, 900, 0)
    """
    return stakes * isqrt(100 * concerns) // (10 * concerns) if concerns else 0


def _open(p_milli: int) -> int:
    """How open a question is: a million where it is even, nothing where the answer is known."""
    return 4 * p_milli * (1000 - p_milli)
