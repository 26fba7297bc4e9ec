"""The vector index, embedded: theme centroids and concern vectors in Qdrant Edge.

In:    centroids and concerns on the integer grid, always under a tenant.
Out:   the nearest theme with its exact dot product; similar concerns with their exact cosine; equal
       answers go to the lowest id, however the engine orders them.
State: a directory per encoder version (``home``); a view that can be dropped and rebuilt.
Elsewhere: the tenant filter (``shard``); who may ask what (``contracts.vectors``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import qdrant_edge as qe

from connectors.qdrant.home import IndexVersion, Lock, current_version, file_errors, point_to
from connectors.qdrant.shard import Condition, Hit, ShardPlan, StoredPoint, TenantShard
from contracts.vectors import (
    FLAG_FILTERS,
    KEYWORD_FILTERS,
    TIME_FIELD,
    GridVector,
    ItemFilter,
    ItemPoint,
    Scalar,
    SimilarItem,
    ThemePoint,
    check_centroid,
    check_dims,
    checked_payload,
    cosine,
    norm_squared,
    point_id,
)

GROUP = "_group"
ITEM = "_item"
NORM_SQUARED = "_norm_squared"
"""Payload fields of the index itself."""

TIES = 4
"""Themes asked for at first; only if all of them tie are more fetched, to find the lowest id."""

SLACK = 8
"""Concerns asked for beyond the limit, among which ties and rounding are settled."""

COSINE_ERROR = 1e-5
"""Bound on the engine's float32 cosine error; about 1e-7 is seen, 384 roundings of 6e-8 are the worst case."""


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
            self._themes = TenantShard(home / "themes", ShardPlan(theme_dims, qe.Distance.Dot, (GROUP,)))
            self._items = self._open_items(home)
        except BaseException:
            self._lock.release()
            raise
        if current_version(directory) is None:
            self.publish()

    def _open_items(self, home: Path) -> TenantShard:
        keywords = (*KEYWORD_FILTERS, *map(_flag, FLAG_FILTERS))
        plan = ShardPlan(self._version.item_dims, qe.Distance.Cosine, keywords, (TIME_FIELD,))
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
        self._themes.put(tenant, [self._theme(point) for point in points])

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        self._themes.drop(tenant, [point_id(text) for text in theme_ids])

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these; killed half-way, doing it again completes it."""
        stored = [self._theme(point) for point in points]
        self._themes.put(tenant, stored)
        self._themes.keep_only(tenant, [point.id for point in stored])

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Write concern vectors through."""
        self._items.put(tenant, [self._item(point) for point in points])

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        self._items.drop(tenant, [point_id(text) for text in concern_ids])

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        self._themes.keep_only(tenant, ())
        self._items.keep_only(tenant, ())

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its exact dot product; ties go to the lowest id."""
        check_dims(vector, self._version.theme_dims)
        wanted = [qe.FieldCondition(GROUP, match=qe.MatchValue(group))]
        asked = TIES
        while True:
            hits = self._themes.nearest(tenant, vector, asked, wanted, with_vector=False)
            if not hits:
                return None
            if len(hits) < asked or hits[-1].score < hits[0].score:
                return min(hit.id for hit in hits if hit.score == hits[0].score), hits[0].score
            asked *= 4

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
        wanted = _conditions(ItemFilter.of(where))
        asked = limit + SLACK
        while limit > 0:
            hits = self._items.nearest(tenant, vector, asked, wanted, with_vector=True)
            best = sorted((_similar(hit, vector) for hit in hits), key=_best_first)[:limit]
            if len(hits) < asked or best[-1].similarity > hits[-1].score + COSINE_ERROR:
                return best
            asked *= 4
        return []

    def count_themes(self, tenant: str) -> int:
        """Number of the tenant's centroids."""
        return self._themes.count(tenant)

    def count_items(self, tenant: str) -> int:
        """Number of the tenant's concerns."""
        return self._items.count(tenant)

    def flush(self) -> None:
        """Return when everything written so far survives a loss of power."""
        self._themes.flush()
        self._items.flush()

    def tidy(self) -> None:
        """Give back what overwritten and removed points take; blocks, so between runs or when idle."""
        self._themes.tidy()
        self._items.tidy()

    def close(self) -> None:
        """Flush and let another process open the index; doing it twice is doing it once."""
        try:
            self._themes.close()
            self._items.close()
        finally:
            self._lock.release()

    def _theme(self, point: ThemePoint) -> StoredPoint:
        check_centroid(point, self._version.theme_dims)
        return StoredPoint(point_id(point.theme_id), point.vector, {GROUP: point.group})

    def _item(self, point: ItemPoint) -> StoredPoint:
        check_dims(point.vector, self._version.item_dims)
        payload = checked_payload(point)
        of_ours: dict[str, Scalar] = {ITEM: point.item_id, NORM_SQUARED: norm_squared(point.vector)}
        flags = {
            _flag(name): _word(value) for name in FLAG_FILTERS if isinstance(value := payload.get(name), bool)
        }
        return StoredPoint(point_id(point.concern_id), point.vector, payload | of_ours | flags)


def _flag(name: str) -> str:
    """Field of a flag as a word: the library asks for ``True`` as the number 1, which no bool equals."""
    return f"_{name}"


def _word(value: bool) -> str:
    return "true" if value else "false"


def _conditions(asked: ItemFilter) -> list[Condition]:
    conditions: list[Condition] = [
        qe.FieldCondition(_flag(name), match=qe.MatchValue(_word(value)))
        if isinstance(value, bool)
        else qe.FieldCondition(name, match=qe.MatchValue(value))
        for name, value in asked.equal
    ]
    if asked.since_s is not None or asked.until_s is not None:
        conditions.append(
            qe.FieldCondition(TIME_FIELD, range=qe.RangeFloat(gte=asked.since_s, lt=asked.until_s))
        )
    return conditions


def _similar(hit: Hit, asked: GridVector) -> SimilarItem:
    squared = int(hit.payload[NORM_SQUARED] or 0)
    assert hit.vector is not None
    # The engine keeps unit vectors in float32; times the norm they are within 0.001 of the integers written.
    written = np.rint(hit.vector.astype(np.float64) * np.sqrt(squared)).astype(np.int16)
    payload = {name: value for name, value in hit.payload.items() if not name.startswith("_")}
    return SimilarItem(hit.id, str(hit.payload[ITEM]), cosine(written, asked), payload)


def _best_first(item: SimilarItem) -> tuple[float, str]:
    return -item.similarity, item.concern_id
