"""The vector index, embedded: theme centroids and concern vectors in Qdrant Edge.

In:    centroids and concerns on the integer grid, always under a tenant.
Out:   the nearest theme with its exact dot product; similar concerns with their exact cosine; equal
       answers go to the lowest id, however the engine orders them.
State: a directory per encoder version (``home``); a view that can be dropped and rebuilt.
Elsewhere: how points look (``points``); the tenant filter (``shard``); who may ask what (``contracts.vectors``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import qdrant_edge as qe

from connectors.durable import file_errors
from connectors.qdrant.held import Held
from connectors.qdrant.home import IndexVersion, Lock, current_version, point_to
from connectors.qdrant.points import (
    in_group,
    in_payload,
    item_point,
    most_similar,
    nearest,
    theme_point,
)
from connectors.qdrant.shard import ShardPlan, TenantShard
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

FORMAT = 3
"""Version of what points look like here; 3: words in one string (``words``). Others have directories of their own."""

FLUSH_EVERY = 256
"""Settlings between two flushes: after a kill the library does all again that was written since the last."""


class EdgeIndex:
    """Themes and items of all tenants under one encoder version; one process at a time has it open."""

    def __init__(self, directory: Path, *, encoder_version: str, item_dims: int, theme_dims: int) -> None:
        """Open or create. Raises ``RecoveryRefused`` if in use or made otherwise, else ``StopWorker``."""
        self._directory = directory
        self._version = IndexVersion(encoder_version, item_dims, theme_dims, FORMAT)
        home = directory / self._version.name
        with file_errors(home):
            home.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(home)
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            self._version.claim(home)
            self._themes = TenantShard(home / "themes", ShardPlan(theme_dims, qe.Distance.Dot))
            undo.callback(self._themes.close)
            plan = ShardPlan(item_dims, qe.Distance.Cosine, (TIME_FIELD,))
            self._items = TenantShard(home / "items", plan)
            undo.pop_all()
        self._late_themes, self._late_items = Held(self._themes), Held(self._items)
        self._closed = False
        self._settled = 0
        if current_version(directory) is None:
            self.publish()

    def publish(self) -> None:
        """Make this version the one that readers use; to be called once it is built."""
        point_to(self._directory, self._version.name)

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Hold centroids until ``settle`` or a question: most change again in the next batch."""
        self._check_open()
        stored = (theme_point(point, self._version.theme_dims) for point in points)
        self._late_themes.add(tenant, {point.id: point for point in stored})

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        self._check_open()
        self._late_themes.add(tenant, dict.fromkeys(point_id(text) for text in theme_ids))

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these; killed half-way, doing it again completes it."""
        stored = [theme_point(point, self._version.theme_dims) for point in points]
        self._late_themes.forget(tenant)
        self._themes.put(tenant, stored)
        self._themes.keep_only(tenant, [point.id for point in stored])

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Hold concern vectors until ``settle``, a question or a full update."""
        self._check_open()
        dims = self._version.item_dims
        self._late_items.add(
            tenant, {point_id(point.concern_id): item_point(point, dims) for point in points}
        )

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        self._check_open()
        self._late_items.add(tenant, dict.fromkeys(point_id(text) for text in concern_ids))

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        self._late_themes.forget(tenant)
        self._late_items.forget(tenant)
        self._themes.keep_only(tenant, ())
        self._items.keep_only(tenant, ())

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its exact dot product; ties go to the lowest id."""
        check_dims(vector, self._version.theme_dims)
        self._late_themes.write()
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
        self._late_themes.write()
        return self._themes.count(tenant)

    def count_items(self, tenant: str) -> int:
        """Number of the tenant's concerns."""
        self.settle()
        return self._items.count(tenant)

    def settle(self) -> None:
        """Write the centroids and concern vectors that are held."""
        self._check_open()
        self._late_themes.write()
        self._late_items.write()
        self._settled += 1
        if self._settled >= FLUSH_EVERY:
            self._settled = 0
            self._themes.flush()
            self._items.flush()

    def _check_open(self) -> None:
        if self._closed:
            raise StopWorker(f"{self._directory}: this index is closed; open it again")

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
