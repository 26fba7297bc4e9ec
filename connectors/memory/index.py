"""The vector index in memory: exact search with numpy, nothing kept after the process ends.

In, out: as ``connectors.qdrant.edge``, and held to the same answers by ``tests/conformance``.
State: a matrix of rows per tenant and group; a removed row's place is taken by the last one."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from contracts.vectors import (
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

FIRST_ROWS = 64

COSINE_ERROR = 1e-5
"""Bound on the error of a float32 cosine; what it could hide is compared exactly."""


class Rows:
    """Vectors by id as one growing float32 matrix, which holds every int16 exactly."""

    def __init__(self, dims: int) -> None:
        self._matrix = np.zeros((FIRST_ROWS, dims), np.float32)
        self._norms = np.zeros(FIRST_ROWS, np.float32)
        self._row: dict[str, int] = {}
        self.ids: list[str] = []

    @property
    def matrix(self) -> npt.NDArray[np.float32]:
        """``(len(ids), dims)``, a view in the order of ``ids``."""
        return self._matrix[: len(self.ids)]

    def cosines(self, vector: GridVector) -> npt.NDArray[np.float32]:
        """Cosines ``(len(ids),)`` within ``COSINE_ERROR``; 0 where a vector is zero."""
        asked = vector.astype(np.float32)
        norms = self._norms[: len(self.ids)] * np.linalg.norm(asked)
        return np.asarray((self.matrix @ asked) / np.maximum(norms, 1.0), np.float32)

    def put(self, id_: str, vector: GridVector) -> None:
        """Insert or overwrite."""
        row = self._row.setdefault(id_, len(self.ids))
        if row == len(self.ids):
            self.ids.append(id_)
            if row == len(self._matrix):
                self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
                self._norms = np.concatenate([self._norms, np.zeros_like(self._norms)])
        self._matrix[row] = vector
        self._norms[row] = math.sqrt(norm_squared(vector))

    def drop(self, id_: str) -> None:
        """Remove; what is not there stays away."""
        row = self._row.pop(id_, None)
        if row is None:
            return
        last = self.ids.pop()
        if last != id_:
            self._matrix[row] = self._matrix[len(self.ids)]
            self._norms[row] = self._norms[len(self.ids)]
            self.ids[row], self._row[last] = last, row


@dataclass(slots=True)
class _Tenant:
    themes: dict[str, Rows] = field(default_factory=dict)
    group_of: dict[str, str] = field(default_factory=dict)
    items: Rows | None = None
    facts: dict[str, tuple[str, dict[str, Scalar]]] = field(default_factory=dict)


class MemoryIndex:
    """Themes and items of all tenants, in this process only."""

    def __init__(self, *, item_dims: int, theme_dims: int) -> None:
        self._item_dims = item_dims
        self._theme_dims = theme_dims
        self._tenants: dict[str, _Tenant] = {}
        self._theme_owner: dict[str, str] = {}
        self._item_owner: dict[str, str] = {}

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Write centroids through; an id that another tenant wrote first is left as it is."""
        mine = self._tenants.setdefault(tenant, _Tenant())
        for point in points:
            check_centroid(point, self._theme_dims)
            id_ = point_id(point.theme_id)
            if self._theme_owner.setdefault(id_, tenant) != tenant:
                continue
            if mine.group_of.get(id_, point.group) != point.group:
                mine.themes[mine.group_of[id_]].drop(id_)
            mine.group_of[id_] = point.group
            if point.group not in mine.themes:
                mine.themes[point.group] = Rows(self._theme_dims)
            mine.themes[point.group].put(id_, point.vector)

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        mine = self._tenants.setdefault(tenant, _Tenant())
        for id_ in map(point_id, theme_ids):
            if id_ in mine.group_of:
                mine.themes[mine.group_of.pop(id_)].drop(id_)
                del self._theme_owner[id_]

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these."""
        self.put_themes(tenant, points)
        kept = {point_id(point.theme_id) for point in points}
        self.drop_themes(tenant, [id_ for id_ in self._tenants[tenant].group_of if id_ not in kept])

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Write concern vectors through; an id that another tenant wrote first is left as it is."""
        mine = self._tenants.setdefault(tenant, _Tenant())
        rows = mine.items = mine.items or Rows(self._item_dims)
        for point in points:
            check_dims(point.vector, self._item_dims)
            id_ = point_id(point.concern_id)
            if self._item_owner.setdefault(id_, tenant) == tenant:
                rows.put(id_, point.vector)
                mine.facts[id_] = (point.item_id, checked_payload(point))

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        mine = self._tenants.setdefault(tenant, _Tenant())
        for id_ in map(point_id, concern_ids):
            if mine.items and mine.facts.pop(id_, None):
                mine.items.drop(id_)
                del self._item_owner[id_]

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        gone = self._tenants.pop(tenant, _Tenant())
        for id_ in gone.group_of:
            del self._theme_owner[id_]
        for id_ in gone.facts:
            del self._item_owner[id_]

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its exact dot product; ties go to the lowest id."""
        check_dims(vector, self._theme_dims)
        rows = self._tenants.setdefault(tenant, _Tenant()).themes.get(group)
        if rows is None or not rows.ids:
            return None
        products = rows.matrix @ vector.astype(np.float32)
        best = products.max()
        return min(rows.ids[row] for row in np.flatnonzero(products == best)), float(best)

    def similar_items(
        self,
        tenant: str,
        vector: GridVector,
        *,
        limit: int,
        where: Mapping[str, str | int | bool] | None = None,
    ) -> list[SimilarItem]:
        """The nearest concerns by exact cosine that are all ``where`` says; ties go to the lowest id."""
        check_dims(vector, self._item_dims)
        asked = ItemFilter.of(where)
        mine = self._tenants.setdefault(tenant, _Tenant())
        if mine.items is None or limit <= 0:
            return []
        best = heapq.nsmallest(limit, self._shortlist(mine, vector, limit, asked))
        return [SimilarItem(id_, mine.facts[id_][0], -less, dict(mine.facts[id_][1])) for less, id_ in best]

    @staticmethod
    def _shortlist(
        mine: _Tenant, vector: GridVector, limit: int, asked: ItemFilter
    ) -> Iterator[tuple[float, str]]:
        """(−exact cosine, id) of every item that rounding in float32 could have kept from the best."""
        assert mine.items is not None
        ids, rows = mine.items.ids, mine.items.cosines(vector)
        if asked != ItemFilter():
            chosen = np.array([asked.accepts(mine.facts[id_][1]) for id_ in ids], np.bool_)
            rows[~chosen] = -np.inf
        worst = np.partition(rows, -limit)[-limit] - COSINE_ERROR if len(rows) > limit else -2.0
        for row in np.flatnonzero(rows >= max(worst, -2.0)):
            yield -cosine(mine.items.matrix[row].astype(np.int16), vector), ids[row]

    def count_themes(self, tenant: str) -> int:
        """Number of the tenant's centroids."""
        return len(self._tenants.setdefault(tenant, _Tenant()).group_of)

    def count_items(self, tenant: str) -> int:
        """Number of the tenant's concerns."""
        return len(self._tenants.setdefault(tenant, _Tenant()).facts)

    def settle(self) -> None:
        """Nothing survives a kill here."""

    def flush(self) -> None:
        """Nothing survives a loss of power here."""

    def close(self) -> None:
        """Nothing is held open."""
