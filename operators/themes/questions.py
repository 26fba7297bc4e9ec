"""Which uncertain assignments people are asked about: few, and those whose answer is worth most.

In: concerns that joined a theme on arrival. Out: what an answer is worth, if it is to be asked for. State: the bar
that a question must pass. The bar rises with every question and falls with every concern that is none, so that in the
long run one of ``ONE_IN`` arrivals is asked about, whatever the stream, and they are its most valuable ones.
"""

from __future__ import annotations

from contracts.feedback import Tier
from contracts.stages import Severity
from models.review.pace import Pace
from models.review.worth import worth

UNSURE_MILLI = (300, 700)
"""From the first to below the second, an assignment is uncertain: nothing else is asked about."""
ONE_IN = 200
"""Arrivals to a question."""
_FALL = 500
"""In thousandths of a worth: at this pace the bar falls by 1,000 in 2,000 arrivals."""
_START = 2_000 * 1000
_PACE = Pace(ONE_IN, _FALL)


class Questions:
    """The questions of one tenant; ``bar`` is its state, in thousandths of a worth."""

    def __init__(self) -> None:
        self.bar = _START

    def ask(self, p_milli: int, severity: Severity, tier: Tier = "unknown") -> int | None:
        """A concern joined a theme on arrival: what an answer about it is worth, None if nobody is to be asked."""
        value = worth(p_milli, severity, tier)
        unsure = UNSURE_MILLI[0] <= p_milli < UNSURE_MILLI[1]
        asked, self.bar = _PACE.next(self.bar, value if unsure else None)
        return value if asked else None
