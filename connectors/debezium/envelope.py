"""What a message of a Debezium topic says: a row as it is now, a row that is gone, or nothing about rows.

In:    key and value as JSON, with or without schemas (``{"schema": …, "payload": …}``); or rows that were unwrapped by
       ``ExtractNewRecordState``, whose additions (``__op``, ``__deleted``, ``__source_ts_ms``) are read where they are.
Out:   a ``Change``; its ``at`` is when the database made it, which orders the versions of a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

Json = Any

# Units by Debezium's names of types: how much of a second one is.
_PARTS: Mapping[str, int] = {
    "io.debezium.time.Timestamp": 1_000,
    "io.debezium.time.MicroTimestamp": 1_000_000,
    "io.debezium.time.NanoTimestamp": 1_000_000_000,
    "org.apache.kafka.connect.data.Timestamp": 1_000,
}
UNAVAILABLE = "__debezium_unavailable_value"
"""What stands for a large value that did not change, where the database's log does not repeat it."""

_DAYS = ("io.debezium.time.Date", "org.apache.kafka.connect.data.Date")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotAChange(ValueError):
    """The message is no change event that we can read; the text says why, and nothing of the row."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row; ``row`` is as it is now, or as far as it is known of one that is gone."""

    what: Literal["is", "gone"]
    row: Mapping[str, Json]
    at: datetime | None


def read_change(key: bytes | None, value: bytes | None) -> Change | None:
    """The change, None for what says nothing of a row. Raises ``NotAChange`` for what is no change event.

    None: a tombstone behind a delete, a truncation, a message that somebody put into the log, a heartbeat.
    """
    if value is None:
        return None
    try:
        return _read(key, value)
    except (AttributeError, TypeError, OverflowError):
        # A number where an object belongs, a date beyond the calendar.
        raise NotAChange("not of the shape of a change event") from None


def _read(key: bytes | None, value: bytes) -> Change | None:
    told, types = _payload(value)
    if not isinstance(told, dict):
        raise NotAChange("the payload is not an object")
    if "op" in told and ("after" in told or "before" in told or told["op"] in ("t", "m")):
        return _wrapped(told, types, key)
    if set(told) == {"ts_ms"}:
        return None
    return _flat(told, types)


def _wrapped(told: Mapping[str, Json], types: Mapping[str, str], key: bytes | None) -> Change | None:
    op, at = told["op"], _source_time(told.get("source") or {}, told)
    if op in ("c", "u", "r"):
        return Change("is", _row(told.get("after"), types), at)
    if op == "d":
        return Change("gone", _row({**_named(key), **(told.get("before") or {})}, types), at)
    if op in ("t", "m"):
        return None
    raise NotAChange(f"op {op!r} is none of c, u, r, d, t, m")


def _named(key: bytes | None) -> Mapping[str, Json]:
    """What the key tells of the row; a key that is no JSON (another converter wrote it) tells nothing."""
    try:
        named = _payload(key)[0] if key else None
    except NotAChange:
        return {}
    return named if isinstance(named, dict) else {}


def _flat(told: Mapping[str, Json], types: Mapping[str, str]) -> Change:
    """A row that was unwrapped; columns of Debezium's begin with two underscores."""
    if not any(name in told for name in ("__op", "__deleted", "__source_ts_ms", "__ts_ms")) and "op" in told:
        raise NotAChange("neither before nor after")
    gone = str(told.get("__deleted", "")).lower() == "true" or told.get("__op") == "d"
    millis = told.get("__source_ts_ms") or told.get("__ts_ms")
    row = {name: value for name, value in told.items() if not name.startswith("__")}
    return Change("gone" if gone else "is", _row(row, types), _moment(millis, 1_000))


def _payload(value: bytes) -> tuple[Json, Mapping[str, str]]:
    """The payload, and Debezium's types of columns where a schema tells."""
    try:
        told = orjson.loads(value)
    except orjson.JSONDecodeError as exc:
        raise NotAChange(f"not JSON: {exc.msg}") from None
    if isinstance(told, dict) and set(told) == {"schema", "payload"}:
        return told["payload"], dict(_types(told["schema"]))
    return told, {}


def _types(schema: Json) -> list[tuple[str, str]]:
    """Column and type of every column that has a name for its type, those of ``before`` and ``after`` too."""
    found: list[tuple[str, str]] = []
    for one in schema.get("fields") or () if isinstance(schema, dict) else ():
        if one.get("fields") and one.get("field") in ("before", "after"):
            found += _types(one)
        elif one.get("field") and one.get("name"):
            found.append((one["field"], one["name"]))
    return found


def _row(row: Json, types: Mapping[str, str]) -> dict[str, Json]:
    if not isinstance(row, dict):
        raise NotAChange(
            "the change has no row: set the table's REPLICA IDENTITY, or the connector's before image"
        )
    return {column: _value(value, types.get(column)) for column, value in row.items()}


def _value(value: Json, kind: str | None) -> Json:
    if kind is None or not isinstance(value, int):
        return value
    if kind in _DAYS:
        return (_EPOCH + timedelta(days=value)).date().isoformat()
    moment = _moment(value, _PARTS[kind]) if kind in _PARTS else None
    return moment.isoformat() if moment else value


def _source_time(source: Mapping[str, Json], told: Mapping[str, Json]) -> datetime | None:
    """When the database made the change, as finely as is told."""
    for name, parts in (("ts_ns", 1_000_000_000), ("ts_us", 1_000_000), ("ts_ms", 1_000)):
        if isinstance(source.get(name), int):
            return _moment(source[name], parts)
    return _moment(told.get("ts_ms"), 1_000)


def _moment(value: Json, parts: int) -> datetime | None:
    """A moment of so many parts of a second since 1970; microseconds are kept."""
    try:
        return _EPOCH + timedelta(microseconds=int(value) * 1_000_000 // parts)
    except (TypeError, ValueError, OverflowError):
        return None
