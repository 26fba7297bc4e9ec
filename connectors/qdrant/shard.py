"""One shard of Qdrant Edge, reachable only within a tenant.

Every question and every removal gets its filter from ``_within``; there is no method without a tenant.
An upsert changes a point only if it is the tenant's own. State: the shard's files; the library keeps its
own write-ahead log, so what ``put`` returned from survives a kill; only ``flush`` survives a loss of power.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import qdrant_edge as qe

from connectors.durable import file_errors, sync_directory
from connectors.qdrant.errors import translated
from connectors.qdrant.points import TENANT, Hit, StoredPoint, Where
from connectors.qdrant.words import WORDS, apart, said, together
from contracts.vectors import TIME_FIELD, GridVector

BATCH_POINTS = 500
"""Points in one update. Measured best between 256 and 1,000; one update holds the shard's lock."""

FieldIndex = qe.KeywordIndexParams | qe.FloatIndexParams
Condition = qe.FieldCondition | qe.HasIdCondition


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """What a shard is made for: vector size, how vectors compare, and which fields of numbers are indexed.

    The tenant is indexed always, other words are not: each index is nine small files with syncs, which a process waits
    for at its start, and saves 40 ms of a question about 40,000 points.
    """

    dims: int
    distance: qe.Distance
    numbers: tuple[str, ...] = ()

    def config(self) -> qe.EdgeConfig:
        """The library's form; no graph is ever built, so every search is exact."""
        return qe.EdgeConfig(
            vectors=qe.EdgeVectorParams(size=self.dims, distance=self.distance),
            optimizers=qe.EdgeOptimizersConfig(indexing_threshold=0),
        )

    def indexes(self) -> dict[str, FieldIndex]:
        """Index parameters by payload field."""
        return {TENANT: qe.KeywordIndexParams(is_tenant=True)} | {
            name: qe.FloatIndexParams() for name in self.numbers
        }


class TenantShard:
    """The points of all tenants in one directory, and no way to see two tenants at once."""

    def __init__(self, path: Path, plan: ShardPlan) -> None:
        self._path = path
        self._one_at_a_time = Lock()  # the library does not promise that threads may share a shard
        self._shard = _opened(path, plan)

    def put(self, tenant: str, points: Sequence[StoredPoint]) -> None:
        """Insert or overwrite; a point of another tenant is left as it is."""
        own = self._within(tenant)
        for start in range(0, len(points), BATCH_POINTS):
            batch = [
                qe.Point(p.id, _floats(p.vector), together(p.payload) | {TENANT: tenant})
                for p in points[start : start + BATCH_POINTS]
            ]
            self._update(qe.UpdateOperation.upsert_points(batch, own))

    def drop(self, tenant: str, ids: Sequence[str]) -> None:
        """Remove these points of the tenant, where they exist."""
        for start in range(0, len(ids), BATCH_POINTS):
            named = qe.HasIdCondition(set(ids[start : start + BATCH_POINTS]))
            self._update(qe.UpdateOperation.delete_points_by_filter(self._within(tenant, [named])))

    def keep_only(self, tenant: str, ids: Iterable[str]) -> None:
        """Remove every point of the tenant except these."""
        others = self._within(tenant, but_not=[qe.HasIdCondition(set(ids))])
        self._update(qe.UpdateOperation.delete_points_by_filter(others))

    def nearest(
        self, tenant: str, vector: GridVector, limit: int, wanted: Where, *, with_vector: bool
    ) -> list[Hit]:
        """The best ``limit`` of the tenant's points that are as ``wanted``, by exact search, best first."""
        with translated(self._path), self._one_at_a_time:
            found = self._shard.query(
                qe.QueryRequest(
                    limit=limit,
                    query=qe.Query.Nearest(vector.astype(np.float32).tolist()),
                    filter=self._within(tenant, _conditions(wanted)),
                    params=qe.SearchParams(exact=True),
                    with_payload=True,
                    with_vector=with_vector,
                )
            )
            return [_hit(point) for point in found]

    def count(self, tenant: str) -> int:
        """Number of the tenant's points."""
        with translated(self._path), self._one_at_a_time:
            return int(self._shard.count(qe.CountRequest(filter=self._within(tenant), exact=True)))

    def flush(self) -> None:
        """Return when everything written is on disk."""
        with translated(self._path), self._one_at_a_time:
            self._shard.flush()

    def tidy(self) -> bool:
        """Merge segments and drop what was overwritten; whether there was anything to do. Blocks."""
        with translated(self._path), self._one_at_a_time:
            return bool(self._shard.optimize())

    def close(self) -> None:
        """Flush and let go of the files; doing it twice is doing it once."""
        with translated(self._path), self._one_at_a_time:
            self._shard.close()

    def _update(self, operation: qe.UpdateOperation) -> None:
        with translated(self._path), self._one_at_a_time:
            self._shard.update(operation)

    @staticmethod
    def _within(
        tenant: str, wanted: Sequence[Condition] = (), but_not: Sequence[Condition] = ()
    ) -> qe.Filter:
        """The one filter: the tenant, always, and what else is wanted."""
        own = qe.FieldCondition(TENANT, match=qe.MatchValue(tenant))
        return qe.Filter(must=[own, *wanted], must_not=list(but_not))


def _floats(vector: GridVector) -> Any:
    """A vector as the library reads it in two thirds of the time that a list takes, made and read."""
    return vector.astype(np.float32).data


def _conditions(wanted: Where) -> list[Condition]:
    found: list[Condition] = [
        qe.FieldCondition(WORDS, match=qe.MatchSubstring(said(field, word))) for field, word in wanted.equal
    ]
    if wanted.since_s is not None or wanted.until_s is not None:
        within = qe.RangeFloat(gte=wanted.since_s, lt=wanted.until_s)
        found.append(qe.FieldCondition(TIME_FIELD, range=within))
    return found


def _opened(path: Path, plan: ShardPlan) -> qe.EdgeShard:
    # A shard whose making was interrupted cannot be loaded, so a file beside it says that it is not whole yet.
    making = path.with_name(path.name + ".making")
    if making.exists() or not path.exists():
        return _created(path, making, plan)
    with translated(path):
        shard = qe.EdgeShard.load(str(path), plan.config())
        wanted, there = plan.indexes().keys(), shard.info().payload_schema.keys()
        _index(shard, plan, sorted(wanted - there))
        for field in sorted(there - wanted):  # an earlier version indexed every field
            shard.update(qe.UpdateOperation.delete_field_index(field))
        return shard


def _created(path: Path, making: Path, plan: ShardPlan) -> qe.EdgeShard:
    with file_errors(path):
        making.touch()
        sync_directory(path.parent)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    with translated(path):
        shard = qe.EdgeShard.create(str(path), plan.config())
        _index(shard, plan, sorted(plan.indexes()))
        shard.flush()
    with file_errors(path):
        sync_directory(path.parent)
        making.unlink()
        sync_directory(path.parent)
    return shard


def _index(shard: qe.EdgeShard, plan: ShardPlan, fields: Iterable[str]) -> None:
    params = plan.indexes()
    for field in fields:
        shard.update(qe.UpdateOperation.create_field_index(field, params[field]))


def _hit(point: qe.ScoredPoint) -> Hit:
    payload = {name: value for name, value in apart(point.payload or {}).items() if name != TENANT}
    vector = None if point.vector is None else np.asarray(point.vector, np.float32)
    return Hit(str(point.id), float(point.score), payload, vector)
