"""Points on their way into a shard: held until somebody asks or settles, because each update takes 5 ms, however small.

In:    points by tenant, and ids to be removed; of one id the last word counts.   Out: updates of the shard.
State: what is not written yet; lost with the process, so ``write`` comes before every snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.qdrant.points import StoredPoint
from connectors.qdrant.shard import BATCH_POINTS, TenantShard


class Held:
    """What is to be written to one shard."""

    def __init__(self, shard: TenantShard) -> None:
        self._shard = shard
        self._unwritten: dict[str, dict[str, StoredPoint | None]] = {}

    def add(self, tenant: str, points: Mapping[str, StoredPoint | None]) -> None:
        """Points by id (None: it is to be removed), written at once when they fill an update."""
        held = self._unwritten.setdefault(tenant, {})
        held.update(points)
        if len(held) >= BATCH_POINTS:
            self._write(tenant)

    def forget(self, tenant: str) -> None:
        """Write nothing of the tenant: other words follow about all of it."""
        self._unwritten.pop(tenant, None)

    def write(self) -> None:
        """Write everything."""
        for tenant in sorted(self._unwritten):
            self._write(tenant)

    def _write(self, tenant: str) -> None:
        held = self._unwritten[tenant]
        self._shard.put(tenant, [point for point in held.values() if point is not None])
        self._shard.drop(tenant, [gone for gone, point in held.items() if point is None])
        del self._unwritten[tenant]  # only now: what failed is still to be written
