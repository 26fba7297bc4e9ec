"""The expected value of a person's answer, as an integer, so that whoever asks most urgently is told first.

In: how likely we are right, how severe the concern is, whose it is.   Out: 0 to 7,200. A pure function.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def worth(p_milli: int, severity: Severity, tier: Tier = "unknown") -> int:
    """How open the question is, 4·p·(1 - p), times the weights of its severity and of the customer's tier.

    ``p_milli``: the probability, in thousandths, that what was decided is right.

    >>> worth(500, "critical"), worth(900, "critical"), worth(500, "low"), worth(500, "critical", "enterprise")
    (4000, 1440, 1000, 7200)
    """
    return 4 * p_milli * (1000 - p_milli) * SEVERITY[severity] * TIER_MILLI[tier] // 1_000_000
