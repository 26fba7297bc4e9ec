"""Who sends so much more than its neighbours that they would wait for it.

In:    what each tenant sends, with its partition.      Out: whether it is to leave the journal to the others.
State: two rates of each tenant, decayed by the clock: of seconds, to see a flood begin, and of a minute, to know what
       is usual beside it.

A quota says what one tenant may send anywhere; this is about those who share a partition, and so one order. A tenant
that is alone in its partition stands before nobody.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FLOOD_TIMES = 4.0
"""So many times the mean of the others is a flood."""

FLOOD_FROM_PER_S = 10.0
"""Below that nothing is: some tenth of what the stages do on two cores."""

NOW_HALF_LIFE_S, USUAL_HALF_LIFE_S = 2.0, 60.0

CALM_S = 10.0
"""How long a flood must be over before its tenant's records go to the journal again."""

SILENT_PER_S = 0.001
"""Who sends less is not there: one record of ten minutes ago."""


@dataclass(slots=True)
class Rate:
    """Exponentially decayed arrivals per second: r ← r·2^(−Δt/h) + n·ln 2/h, half-life h in seconds."""

    half_life_s: float
    at_s: float = 0.0
    per_s: float = 0.0

    def learn(self, at_s: float, records: int) -> None:
        """Count records that come now."""
        self.per_s = self.read(at_s) + records * math.log(2) / self.half_life_s
        self.at_s = at_s

    def read(self, at_s: float) -> float:
        """The rate as it is by now."""
        return self.per_s * math.exp2((self.at_s - at_s) / self.half_life_s)


@dataclass(slots=True)
class _Tenant:
    now: Rate = field(default_factory=lambda: Rate(NOW_HALF_LIFE_S))
    usual: Rate = field(default_factory=lambda: Rate(USUAL_HALF_LIFE_S))
    flooded_until_s: float = -math.inf


@dataclass(slots=True)
class Fairness:
    """Counts for all partitions; ``clock`` is in seconds and never goes back."""

    clock: Callable[[], float] = time.monotonic
    _tenants: dict[int, dict[str, _Tenant]] = field(default_factory=dict)

    def floods(self, partition: int, tenant: str, records: int) -> bool:
        """Count what comes now; whether it belongs behind what the neighbours say."""
        at_s = self.clock()
        beside = self._tenants.setdefault(partition, {})
        one = beside.setdefault(tenant, _Tenant())
        one.now.learn(at_s, records)
        one.usual.learn(at_s, records)
        if one.now.per_s > FLOOD_FROM_PER_S and self._is_too_much(beside, one, at_s):
            one.flooded_until_s = at_s + CALM_S
        return at_s < one.flooded_until_s

    @staticmethod
    def _is_too_much(beside: dict[str, _Tenant], one: _Tenant, at_s: float) -> bool:
        usual = {name: other.usual.read(at_s) for name, other in beside.items() if other is not one}
        for name in [name for name, per_s in usual.items() if per_s < SILENT_PER_S]:
            del beside[name], usual[name]
        return bool(usual) and one.now.per_s > FLOOD_TIMES * statistics.fmean(usual.values())
