"""How themes and concerns look as points, the same in the embedded store and on a server.

In:    centroids and concerns as ``contracts.vectors`` has them; answers of the engine's searches.
Out:   points with the index's own payload fields; the nearest theme and similar concerns, whatever order the
       engine gives to equal scores.
State: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.vectors import (
    FLAG_FILTERS,
    KEYWORD_FILTERS,
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

TENANT = "_tenant"
GROUP = "_group"
ITEM = "_item"
NORM_SQUARED = "_norm_squared"
"""Payload fields of the index itself. Names that begin with ``_`` cannot come from outside."""

TIES = 4
"""Themes asked for at first; only if all of them tie are more fetched, to find the lowest id."""

SLACK = 8
"""Concerns asked for beyond the limit, among which ties and rounding are settled."""

COSINE_ERROR = 1e-5
"""Bound on the engine's float32 cosine error; about 1e-7 is seen, 384 roundings of 6e-8 are the worst case."""


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point to be written."""

    id: str
    vector: GridVector
    payload: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that was found; ``vector`` is as the engine keeps it, None unless asked for."""

    id: str
    score: float
    payload: Mapping[str, Scalar]
    vector: npt.NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Where:
    """What points must be, in payload fields: each (field, word) holds, ``since_s`` ≤ ``at_s`` < ``until_s``."""

    equal: tuple[tuple[str, str], ...] = ()
    since_s: int | None = None
    until_s: int | None = None


Search = Callable[[int], list[Hit]]
"""The best so many points, best first, by exact search; fewer only if there are no more."""


def _flag(name: str) -> str:
    """Field of a flag as a word: Edge asks for ``True`` as the number 1, which no bool equals."""
    return f"_{name}"


ITEM_KEYWORDS = (*KEYWORD_FILTERS, *map(_flag, FLAG_FILTERS))
"""Payload fields of a concern that are compared as words."""


def in_group(group: str) -> Where:
    """Themes of one group."""
    return Where(equal=((GROUP, group),))


def in_payload(asked: ItemFilter) -> Where:
    """A checked question in the fields of stored points."""
    equal = tuple((_flag(k), _word(v)) if isinstance(v, bool) else (k, v) for k, v in asked.equal)
    return Where(equal, asked.since_s, asked.until_s)


def theme_point(point: ThemePoint, dims: int) -> StoredPoint:
    """A centroid as a point. Raises ``StopWorker`` if it is off the grid or of another size."""
    check_centroid(point, dims)
    return StoredPoint(point_id(point.theme_id), point.vector, {GROUP: point.group})


def item_point(point: ItemPoint, dims: int) -> StoredPoint:
    """A concern as a point. Raises ``StopWorker`` if it is of another size or names a field of the index."""
    check_dims(point.vector, dims)
    payload = checked_payload(point)  # a dictionary of its own
    payload[ITEM], payload[NORM_SQUARED] = point.item_id, norm_squared(point.vector)
    for name in FLAG_FILTERS:
        if isinstance(value := payload.get(name), bool):
            payload[_flag(name)] = _word(value)
    return StoredPoint(point_id(point.concern_id), point.vector, payload)


def nearest(search: Search) -> tuple[str, float] | None:
    """The lowest id of the best score, and that score."""
    asked = TIES
    while True:
        hits = search(asked)
        if not hits:
            return None
        if len(hits) < asked or hits[-1].score < hits[0].score:
            return min(hit.id for hit in hits if hit.score == hits[0].score), hits[0].score
        asked *= 4


def most_similar(search: Search, vector: GridVector, limit: int) -> list[SimilarItem]:
    """The best ``limit`` by exact cosine, ties by id; ``search`` must return vectors."""
    asked = limit + SLACK
    while limit > 0:
        hits = search(asked)
        best = sorted((_similar(hit, vector) for hit in hits), key=_best_first)[:limit]
        if len(hits) < asked or best[-1].similarity > hits[-1].score + COSINE_ERROR:
            return best
        asked *= 4
    return []


def _similar(hit: Hit, asked: GridVector) -> SimilarItem:
    squared = int(hit.payload[NORM_SQUARED] or 0)
    assert hit.vector is not None
    # The engine keeps unit vectors in float32; times the norm they are within 0.001 of the integers written.
    written = np.rint(hit.vector.astype(np.float64) * np.sqrt(squared)).astype(np.int16)
    payload = {name: value for name, value in hit.payload.items() if not name.startswith("_")}
    return SimilarItem(hit.id, str(hit.payload[ITEM]), cosine(written, asked), payload)


def _best_first(item: SimilarItem) -> tuple[float, str]:
    return -item.similarity, item.concern_id


def _word(value: bool) -> str:
    return "true" if value else "false"
