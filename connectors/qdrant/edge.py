"""The vector index, embedded: theme centroids and concern vectors in Qdrant Edge.

In:    centroids and concerns on the integer grid, always under a tenant.
Out:   the nearest theme with its exact dot product; similar concerns with their exact cosine; equal
       answers go to the lowest id, however the engine orders them.
State: a directory per encoder version (``home``); a view that can be dropped and rebuilt.
Elsewhere: how points look (``points``); the tenant filter (``shard``); who may ask what (``contracts.vectors``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import qdrant_edge as qe

from connectors.durable import file_errors
from connectors.qdrant.home import IndexVersion, Lock, current_version, point_to
from connectors.qdrant.points import (
    StoredPoint,
    in_group,
    in_payload,
    item_point,
    most_similar,
    nearest,
    theme_point,
)
from connectors.qdrant.shard import BATCH_POINTS, ShardPlan, TenantShard
from contracts.errors import StopWorker
from contracts.vectors import (
    TIME_FIELD,
    GridVector,
    ItemFilter,
    ItemPoint,
    SimilarItem,
    ThemePoint,
    check_dims,
    point_id,
)

FLUSH_EVERY = 256
"""Settlings between two flushes: after a kill the library does all again that was written since the last."""


class EdgeIndex:
    """Themes and items of all tenants under one encoder version; one process at a time has it open."""

    def __init__(self, directory: Path, *, encoder_version: str, item_dims: int, theme_dims: int) -> None:
        """Open or create. Raises ``RecoveryRefused`` if in use or made otherwise, else ``StopWorker``."""
        self._directory = directory
        self._version = IndexVersion(encoder_version, item_dims, theme_dims)
        home = directory / self._version.name
        with file_errors(home):
            home.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(home)
        try:
            self._version.claim(home)
            self._themes = TenantShard(home / "themes", ShardPlan(theme_dims, qe.Distance.Dot))
            self._items = self._open_items(home)
        except BaseException:
            self._lock.release()
            raise
        self._unwritten: dict[str, dict[str, StoredPoint | None]] = {}
        self._closed = False
        self._settled = 0
        if current_version(directory) is None:
            self.publish()

    def _open_items(self, home: Path) -> TenantShard:
        plan = ShardPlan(self._version.item_dims, qe.Distance.Cosine, (TIME_FIELD,))
        try:
            return TenantShard(home / "items", plan)
        except BaseException:
            self._themes.close()
            raise

    def publish(self) -> None:
        """Make this version the one that readers use; to be called once it is built."""
        point_to(self._directory, self._version.name)

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Write centroids through."""
        self._themes.put(tenant, [theme_point(point, self._version.theme_dims) for point in points])

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        self._themes.drop(tenant, [point_id(text) for text in theme_ids])

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these; killed half-way, doing it again completes it."""
        stored = [theme_point(point, self._version.theme_dims) for point in points]
        self._themes.put(tenant, stored)
        self._themes.keep_only(tenant, [point.id for point in stored])

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Hold concern vectors until ``settle`` or a full update: each update takes 5 ms, however small."""
        dims = self._version.item_dims
        self._hold(tenant, {point_id(point.concern_id): item_point(point, dims) for point in points})

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        self._hold(tenant, dict.fromkeys(point_id(text) for text in concern_ids))

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        self._unwritten.pop(tenant, None)
        self._themes.keep_only(tenant, ())
        self._items.keep_only(tenant, ())

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its exact dot product; ties go to the lowest id."""
        check_dims(vector, self._version.theme_dims)
        wanted = in_group(group)
        return nearest(lambda n: self._themes.nearest(tenant, vector, n, wanted, with_vector=False))

    def similar_items(
        self,
        tenant: str,
        vector: GridVector,
        *,
        limit: int,
        where: Mapping[str, str | int | bool] | None = None,
    ) -> list[SimilarItem]:
        """The nearest concerns by exact cosine that are all ``where`` says; ties go to the lowest id."""
        check_dims(vector, self._version.item_dims)
        self.settle()
        wanted = in_payload(ItemFilter.of(where))
        return most_similar(
            lambda n: self._items.nearest(tenant, vector, n, wanted, with_vector=True), vector, limit
        )

    def count_themes(self, tenant: str) -> int:
        """Number of the tenant's centroids."""
        return self._themes.count(tenant)

    def count_items(self, tenant: str) -> int:
        """Number of the tenant's concerns."""
        self.settle()
        return self._items.count(tenant)

    def settle(self) -> None:
        """Write the concern vectors that are held."""
        self._check_open()
        for tenant in sorted(self._unwritten):
            self._write(tenant)
        self._settled += 1
        if self._settled >= FLUSH_EVERY:
            self._settled = 0
            self._themes.flush()
            self._items.flush()

    def _check_open(self) -> None:
        if self._closed:
            raise StopWorker(f"{self._directory}: this index is closed; open it again")

    def _hold(self, tenant: str, points: Mapping[str, StoredPoint | None]) -> None:
        self._check_open()
        held = self._unwritten.setdefault(tenant, {})
        held.update(points)
        if len(held) >= BATCH_POINTS:
            self._write(tenant)

    def _write(self, tenant: str) -> None:
        held = self._unwritten[tenant]
        self._items.put(tenant, [point for point in held.values() if point is not None])
        self._items.drop(tenant, [gone for gone, point in held.items() if point is None])
        del self._unwritten[tenant]  # only now: what failed is still to be written

    def flush(self) -> None:
        """Return when everything written so far survives a loss of power."""
        self.settle()
        self._themes.flush()
        self._items.flush()

    def tidy(self) -> None:
        """Give back what overwritten and removed points take; blocks, so between runs or when idle."""
        self.settle()
        self._themes.tidy()
        self._items.tidy()

    def close(self) -> None:
        """Flush and let another process open the index; doing it twice is doing it once."""
        try:
            if not self._closed:
                self.settle()
            self._closed = True
            self._themes.close()
            self._items.close()
        finally:
            self._lock.release()
