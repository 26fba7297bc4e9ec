"""How what became of a tenant's earlier issues weighs in a score: a bounded factor that few verdicts leave alone.

In: the share of issues that ended by being done, with its 95 % interval.   Out: a factor in thousandths.
Promise: a pure function; 1000 until there are enough verdicts and the whole interval lies outside the neutral band;
never outside ``least`` to ``most``; more issues done never lower it.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.priority import Interval
from models.priority.setting import Setting

NEUTRAL_MILLI = 1000


class VerdictWeights(Setting):
    """How trackers' verdicts weigh. ``by``: those on issues about the same category, or opened by the same rule.

    ``min_verdicts``: with fewer of them, nothing changes. ``neutral``: the shares of done that are as they should be.
    ``least`` and ``most`` bound the factor. ``within_d``: days that a verdict counts, by the tenant's clock.
    """

    enabled: bool = True
    by: Literal["category", "rule"] = "category"
    min_verdicts: int = Field(default=8, ge=1)
    neutral: tuple[float, float] = (0.4, 0.8)
    least: float = Field(default=0.8, ge=0.5, le=1)
    most: float = Field(default=1.25, ge=1, le=2)
    within_d: int = Field(default=180, ge=1)

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        low, high = self.neutral
        if not 0 < low <= high < 1:
            raise ValueError(
                f"neutral must be two shares between 0 and 1, the lower one first, not {self.neutral}"
            )
        return self

    def factor_milli(self, done: Interval) -> int:
        """The factor in thousandths.

        Above the neutral band it grows with the lower end of the interval, below it falls with the upper end; a certain
        share of 1 or 0 would reach its bound.

        >>> from models.priority.wilson import wilson_interval
        >>> [VerdictWeights().factor_milli(wilson_interval(n, 20)) for n in (0, 4, 10, 16, 20)]
        [881, 1000, 1000, 1000, 1048]
        """
        low, high = self.neutral
        if not self.enabled or done.of < self.min_verdicts:
            return NEUTRAL_MILLI
        if done.high < low:
            return NEUTRAL_MILLI - round(1000 * (1 - self.least) * (low - done.high) / low)
        if done.low > high:
            return NEUTRAL_MILLI + round(1000 * (self.most - 1) * (done.low - high) / (1 - high))
        return NEUTRAL_MILLI
