"""What a vector index holds and what it may be asked, the same for every implementation.

A vector is int16 on the integer grid (norm about 2,048), so a dot product of two is an exact integer.
Ids are UUIDs as text: a theme's id is its point's, a concern's id is its point's. No point holds text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from contracts.errors import StopWorker, WrongUsage

GridVector = npt.NDArray[np.int16]
"""``(dims,)``, a unit vector rounded to the integer grid."""

Scalar = str | int | float | bool | None
"""What a payload field may hold."""

MAX_NORM_SQUARED = 1 << 24
"""Largest squared norm of a centroid: up to it every float32 dot product is an exact integer."""

KEYWORD_FILTERS = (
    "account",
    "app_version",
    "category",
    "country",
    "label",
    "language",
    "locale",
    "resolution",
    "sentiment",
    "severity",
    "source",
    "theme",
    "tier",
)
"""Payload fields of an item that hold a str and can be asked for by equality."""

FLAG_FILTERS = ("bug", "feature_request")
"""Payload fields of an item that hold a bool and can be asked for by equality."""

TIME_FIELD = "at_s"
"""Payload field of an item with its event time in seconds since 1970, UTC; asked for as a range."""

TIME_FILTERS = ("since_s", "until_s")
"""Bounds on ``at_s`` in a question: from ``since_s`` on, before ``until_s``; seconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class ThemePoint:
    """A theme's centroid in decision space. ``group`` is the language in which it lives."""

    theme_id: str
    group: str
    vector: GridVector


@dataclass(frozen=True, slots=True)
class ItemPoint:
    """A concern's vector, with what similar-item search filters on (no text).

    Field names that begin with ``_`` belong to the index.
    """

    concern_id: str
    item_id: str
    vector: GridVector
    payload: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class SimilarItem:
    """One answer of a similar-item search; ``similarity`` is the cosine of the two grid vectors."""

    concern_id: str
    item_id: str
    similarity: float
    payload: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """A checked question: every pair of ``equal`` holds, and ``since_s`` ≤ ``at_s`` < ``until_s``.

    An item without the field does not match.
    """

    equal: tuple[tuple[str, str | bool], ...] = ()
    since_s: int | None = None
    until_s: int | None = None

    @classmethod
    def of(cls, where: Mapping[str, str | int | bool] | None) -> ItemFilter:
        """Check a question. Raises ``WrongUsage`` naming the field that cannot be asked for.

        >>> ItemFilter.of({"severity": "high", "since_s": 60})
        ItemFilter(equal=(('severity', 'high'),), since_s=60, until_s=None)
        """
        asked = dict(where or {})
        since_s, until_s = (_seconds(name, asked.pop(name, None)) for name in TIME_FILTERS)
        equal = tuple((name, _value(name, asked[name])) for name in sorted(asked))
        return cls(equal, since_s, until_s)

    def accepts(self, payload: Mapping[str, Scalar]) -> bool:
        """Whether an item with this payload is among those asked for."""
        if any(payload.get(name) != value for name, value in self.equal):
            return False
        if self.since_s is None and self.until_s is None:
            return True
        at_s = payload.get(TIME_FIELD)
        if isinstance(at_s, bool) or not isinstance(at_s, int | float):
            return False
        return (self.since_s is None or at_s >= self.since_s) and (
            self.until_s is None or at_s < self.until_s
        )


def _seconds(name: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise WrongUsage(f"{name}: {value!r} is not a time in whole seconds since 1970")


def _value(name: str, value: str | int | bool) -> str | bool:
    if name in KEYWORD_FILTERS and isinstance(value, str):
        return value
    if name in FLAG_FILTERS and (isinstance(value, bool) or value in ("true", "false")):
        return value is True or value == "true"
    known = ", ".join((*KEYWORD_FILTERS, *FLAG_FILTERS, *TIME_FILTERS))
    raise WrongUsage(f"cannot filter by {name} = {value!r}; fields are {known} (flags take true or false)")


_USUAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def point_id(text: str) -> str:
    """The id in its one spelling, which the order of ids goes by. Raises ``StopWorker`` if not a UUID."""
    if _USUAL_UUID.fullmatch(text):  # as all of ours are; parsing and spelling it takes ten times as long
        return text
    try:
        return str(UUID(text))
    except ValueError as exc:
        raise StopWorker(f"{text!r} is not a UUID: no point can have this id") from exc


def checked_payload(point: ItemPoint) -> dict[str, Scalar]:
    """The payload as its own dictionary. Raises ``StopWorker`` for a name that belongs to the index."""
    for name in point.payload:
        if name.startswith("_"):
            raise StopWorker(f"concern {point.concern_id}: payload field {name} belongs to the index")
    return dict(point.payload)


def norm_squared(vector: GridVector) -> int:
    """The exact squared norm."""
    wide = vector.astype(np.int64)
    return int(wide @ wide)


def check_dims(vector: GridVector, dims: int) -> None:
    """Raise ``StopWorker`` if the vector is not ``(dims,)`` int16: another model made it."""
    if vector.shape != (dims,) or vector.dtype != np.int16:
        raise StopWorker(
            f"a vector of shape {vector.shape} and type {vector.dtype} does not belong in an index of"
            f" {dims} int16 dimensions: it comes from another encoder"
        )


def check_centroid(point: ThemePoint, dims: int) -> None:
    """Raise ``StopWorker`` if the centroid is off the grid, where dot products are no longer exact."""
    check_dims(point.vector, dims)
    if norm_squared(point.vector) > MAX_NORM_SQUARED:
        raise StopWorker(
            f"centroid of theme {point.theme_id} is longer than the grid: products would be rounded"
        )


def cosine(one: GridVector, other: GridVector) -> float:
    """The cosine of two grid vectors, the same float on every machine; 0 if one is the zero vector.

    The three products are exact integers; square root and division are rounded once each (IEEE 754).
    """
    squared = norm_squared(one) * norm_squared(other)
    dot = int(one.astype(np.int64) @ other.astype(np.int64))
    return dot / math.sqrt(squared) if squared else 0.0
