"""Lines of the decision matrix that are about a whole theme: what telemetry says may change what is to be done.

In: the rule of most of a theme's concerns, and what telemetry says of its complaints.   Out: whether a line holds.
Promise: few complaints decide nothing. A share is asked for by the bounds of its 95 % interval, never by itself.
"""

from __future__ import annotations

from pydantic import Field

from contracts.priority import Corroboration, Interval
from models.priority.setting import Setting

UNKNOWN = Interval(count=0, of=0, low=0.0, high=1.0)
"""The share where nothing was measured."""


class WhenTheme(Setting):
    """The conditions of a line about themes; what is left out holds for every theme.

    ``rule``: names of rules, one of which most of its concerns fired. ``measured``: whether errors or latency are known
    before any of its complaints; ``measured_at_least`` and ``corroborated_at_least``: of how many they are known, and
    were far above the usual. ``share_at_least`` is a bound for the lower end of the interval of the corroborated among
    the measured, ``share_below`` for its upper end, both from 0 to 1.
    """

    rule: tuple[str, ...] = ()
    measured: bool | None = None
    measured_at_least: int = Field(default=0, ge=0)
    corroborated_at_least: int = Field(default=0, ge=0)
    share_at_least: float | None = Field(default=None, ge=0, lt=1)
    share_below: float | None = Field(default=None, gt=0, le=1)

    def holds(self, rule: str | None, said: Corroboration | None) -> bool:
        """Whether every condition holds of a theme."""
        share = UNKNOWN if said is None else said.share
        return (
            (not self.rule or rule in self.rule)
            and self.measured in (None, share.of > 0)
            and share.of >= self.measured_at_least
            and share.count >= self.corroborated_at_least
            and (self.share_at_least is None or share.low >= self.share_at_least)
            and (self.share_below is None or share.high < self.share_below)
        )
