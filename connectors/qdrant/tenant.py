"""One collection of a Qdrant server, reachable only within a tenant.

Every question, count and removal gets its filter from ``_within``; there is no method without a tenant.
An upsert changes a point only if it is the tenant's own. The collection is named by its alias, so a switch
needs no restart. State: none here; a write has been applied by the server when its call returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qdrant_client import models

from connectors.qdrant.client import RETRY_AFTER_S, Server
from connectors.qdrant.points import TENANT, Hit, StoredPoint, Where
from contracts.errors import RetryLater
from contracts.vectors import TIME_FIELD, GridVector

BATCH_POINTS = 500
"""Points in one request, between 256 and 1,000: about 2 MB of JSON at 384 dimensions, far below the server's 32 MB."""


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What a collection is made for: vector size, how vectors compare, and which fields are indexed how."""

    dims: int
    distance: models.Distance
    keywords: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def indexes(self) -> dict[str, Any]:
        """Index parameters by payload field."""
        keyword, number = models.KeywordIndexType.KEYWORD, models.FloatIndexType.FLOAT
        return (
            {TENANT: models.KeywordIndexParams(type=keyword, is_tenant=True)}
            | {name: models.KeywordIndexParams(type=keyword) for name in self.keywords}
            | {name: models.FloatIndexParams(type=number) for name in self.numbers}
        )


class TenantCollection:
    """The points of all tenants in one collection, and no way to see two tenants at once."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name

    def put(self, tenant: str, points: Sequence[StoredPoint], *, retry: bool = True) -> None:
        """Insert or overwrite, the last of two with one id; a point of another tenant is left as it is."""
        own = self._within(tenant)
        last = list({point.id: point for point in points}.values())
        for start in range(0, len(last), BATCH_POINTS):
            self._upsert([_struct(tenant, point) for point in last[start : start + BATCH_POINTS]], own, retry)

    def drop(self, tenant: str, ids: Sequence[str], *, retry: bool = True) -> None:
        """Remove these points of the tenant, where they exist."""
        for start in range(0, len(ids), BATCH_POINTS):
            named = models.HasIdCondition(has_id=list(ids[start : start + BATCH_POINTS]))
            self._delete(self._within(tenant, [named]), retry)

    def keep_only(self, tenant: str, ids: Iterable[str], *, retry: bool = True) -> None:
        """Remove every point of the tenant except these."""
        kept = sorted(set(ids))
        others = [models.HasIdCondition(has_id=[*kept])] if kept else []
        self._delete(self._within(tenant, but_not=others), retry)

    def nearest(
        self, tenant: str, vector: GridVector, limit: int, wanted: Where, *, with_vector: bool
    ) -> list[Hit]:
        """The best ``limit`` of the tenant's points that are as ``wanted``, by exact search, best first."""
        found = self._server.ask(
            f"searching {self._name}",
            lambda client: client.query_points(
                self._name,
                query=vector.astype(np.float32).tolist(),
                query_filter=self._within(tenant, _conditions(wanted)),
                search_params=models.SearchParams(exact=True),
                limit=limit,
                with_payload=True,
                with_vectors=with_vector,
            ),
        )
        return [_hit(point) for point in found.points]

    def count(self, tenant: str) -> int:
        """Number of the tenant's points."""
        own = self._within(tenant)
        counted = self._server.ask(
            f"counting in {self._name}", lambda client: client.count(self._name, count_filter=own, exact=True)
        )
        return counted.count

    def _upsert(self, batch: list[models.PointStruct], own: models.Filter, retry: bool) -> None:
        self._server.ask(
            f"writing {len(batch)} points to {self._name}",
            lambda client: _applied(client.upsert(self._name, batch, wait=True, update_filter=own)),
            retry=retry,
        )

    def _delete(self, chosen: models.Filter, retry: bool) -> None:
        selector = models.FilterSelector(filter=chosen)
        self._server.ask(
            f"removing from {self._name}",
            lambda client: _applied(client.delete(self._name, selector, wait=True)),
            retry=retry,
        )

    @staticmethod
    def _within(
        tenant: str, wanted: Sequence[models.Condition] = (), but_not: Sequence[models.Condition] = ()
    ) -> models.Filter:
        """The one filter: the tenant, always, and what else is wanted."""
        own = models.FieldCondition(key=TENANT, match=models.MatchValue(value=tenant))
        return models.Filter(must=[own, *wanted], must_not=list(but_not) or None)


def _applied(done: models.UpdateResult) -> None:
    """A slow server may answer before it applied; what it only took note of is written again."""
    if done.status != models.UpdateStatus.COMPLETED:
        raise RetryLater(f"only {done.status.value}", retry_after_s=RETRY_AFTER_S)


def _conditions(wanted: Where) -> list[models.Condition]:
    found: list[models.Condition] = [
        models.FieldCondition(key=field, match=models.MatchValue(value=word)) for field, word in wanted.equal
    ]
    if wanted.since_s is not None or wanted.until_s is not None:
        within = models.Range(gte=wanted.since_s, lt=wanted.until_s)
        found.append(models.FieldCondition(key=TIME_FIELD, range=within))
    return found


def _struct(tenant: str, point: StoredPoint) -> models.PointStruct:
    vector = point.vector.astype(np.float32).tolist()
    return models.PointStruct(id=point.id, vector=vector, payload={**point.payload, TENANT: tenant})


def _hit(point: models.ScoredPoint) -> Hit:
    payload = {name: value for name, value in (point.payload or {}).items() if name != TENANT}
    vector = None if point.vector is None else np.asarray(point.vector, np.float32)
    return Hit(str(point.id), float(point.score), payload, vector)
