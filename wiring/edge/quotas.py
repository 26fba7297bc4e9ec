"""How much a tenant may send: up to its share it goes to the journal, above that to the bulk lane, far above nowhere.

So one tenant's flood costs the others nothing: what the flows read at once is bounded, and what is refused was never
accepted. Counts are this process's own; with several processes each allows as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from limits import RateLimitItem, RateLimitItemPerSecond

from contracts.errors import QuotaExceeded
from wiring.edge.fairness import Fairness
from wiring.edge.recent import Recent

Lane = Literal["journal", "bulk"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Records a second, each averaged over ``window_s``: a burst may use a window's worth at once.

    ``live_per_s`` go to the journal; up to ``most_per_s`` are accepted at all.
    """

    live_per_s: int = 50
    most_per_s: int = 1_000
    window_s: int = 10

    @property
    def live(self) -> RateLimitItem:
        """What may go to the journal."""
        return RateLimitItemPerSecond(self.live_per_s * self.window_s, self.window_s, "live")

    @property
    def most(self) -> RateLimitItem:
        """What is accepted at all."""
        return RateLimitItemPerSecond(self.most_per_s * self.window_s, self.window_s, "most")


class Quotas:
    """Counts what each tenant sends. Without a bulk lane, because nobody feeds it, everything goes to the journal."""

    def __init__(
        self, quota: Quota | None = None, *, has_bulk: bool = True, fairness: Fairness | None = None
    ) -> None:
        self._quota = quota or Quota()
        self._has_bulk = has_bulk
        self._fairness = fairness or Fairness()
        self._counts = Recent()

    def lane(self, tenant: str, records: int, *, partition: int = 0, bulk: bool = False) -> Lane:
        """Where that many more records go; ``bulk`` uses up none of the share of the journal.

        Who floods its neighbours in the ``partition`` waits in the bulk lane too, whatever its share is.
        Raises ``QuotaExceeded`` where they are too many.
        """
        most, live = self._quota.most, self._quota.live
        if not self._counts.hit(most, tenant, cost=min(records, most.amount)):
            raise QuotaExceeded(
                f"tenant {tenant} sends more than {self._quota.most_per_s} records a second; slow down",
                retry_after_s=max(1.0, math.ceil(self._counts.free_in_s(most, tenant))),
            )
        if not self._has_bulk:
            return "journal"
        if bulk or self._fairness.floods(partition, tenant, records):
            return "bulk"
        if records > live.amount or not self._counts.hit(live, tenant, cost=records):
            return "bulk"
        return "journal"
