"""Which concerns are put to people as they arrive, and what an answer about each is worth.

In:    concerns of one tenant, in order.   Out: the worth of those that are put to people, None for the others.
State: the bar that a question must pass (``models.review.pace``).
Everything below the confidence bound is put to people; it waits for them. Of what goes on, so is one concern of each
``one_in``, that of whose answer is worth most: it waits for nobody, and the models learn from what is said of it. That
begins once somebody has taught the tenant's model: where nobody answers, nobody is asked.
"""

from __future__ import annotations

from typing import NamedTuple

from contracts.feedback import Tier
from contracts.stages import Severity
from models.review.pace import Pace
from models.review.worth import worth

ASK_ONE_IN = 5
"""Of those that go on. 0: nobody is asked about them."""

FALL = 50_000
"""Fifty of a worth: the bar finds its height within some fifty arrivals, fewer than most tenants have in a week."""


class Doubt(NamedTuple):
    """What is open about one concern.

    ``sure_milli``: how probably it is understood; ``category_milli``: how probably the newest version of the tenant's
    own model has its category right, None where nobody taught one; ``waits``: it is in review until a person speaks.
    """

    sure_milli: int
    severity: Severity
    tier: Tier
    category_milli: int | None
    waits: bool

    @property
    def worth(self) -> int:
        """What an answer is worth."""
        return worth(self.sure_milli, self.severity, self.tier, self.category_milli)


class Asking:
    """The questions of one tenant; ``bar`` is its state, in thousandths of a worth."""

    def __init__(self, one_in: int = ASK_ONE_IN, bar: int = 0) -> None:
        """One of ``one_in`` concerns that go on is asked about."""
        self._pace = Pace(one_in, FALL) if one_in else None
        self.bar = bar

    def put(self, doubt: Doubt) -> int | None:
        """A concern arrived: what an answer about it is worth, None if nobody is to be asked."""
        if doubt.waits:
            return doubt.worth
        if doubt.category_milli is None or self._pace is None:
            return None
        asked, self.bar = self._pace.next(self.bar, doubt.worth)
        return doubt.worth if asked else None
