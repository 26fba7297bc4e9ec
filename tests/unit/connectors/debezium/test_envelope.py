"""What Debezium's messages say: with schemas or without, whole or unwrapped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.debezium.envelope import Change, NotAChange, read_change

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
MS = 1_772_366_400_250
ROW = {"id": 7, "body": "The export is broken"}


def event(op: str, before: Any = None, after: Any = None, **source: Any) -> dict[str, Any]:
    return {"op": op, "before": before, "after": after, "source": {"ts_ms": MS, **source}, "ts_ms": MS + 900}


def read(told: Any, key: Any = None) -> Change | None:
    return read_change(None if key is None else orjson.dumps(key), orjson.dumps(told))


@pytest.mark.parametrize("op", ["c", "u", "r"])
@pytest.mark.parametrize("with_schema", [False, True])
def test_a_row_is_as_after_the_change_at_the_databases_time(op: str, with_schema: bool) -> None:
    told: Any = event(op, after=ROW)
    told = {"schema": {"type": "struct", "fields": []}, "payload": told} if with_schema else told
    assert read(told) == Change("is", ROW, AT)


def test_a_deleted_row_is_known_by_what_was_before_or_by_its_key() -> None:
    assert read(event("d", before=ROW)) == Change("gone", ROW, AT)
    assert read(event("d"), key={"schema": None, "payload": {"id": 7}}) == Change("gone", {"id": 7}, AT)


def test_finer_times_of_the_database_count() -> None:
    found = read(event("u", after=ROW, ts_us=MS * 1000 + 7))
    assert found is not None
    assert found.at == AT.replace(microsecond=250_007)


@pytest.mark.parametrize("told", [event("t"), event("m"), {"ts_ms": MS}])
def test_truncations_messages_and_heartbeats_say_nothing_of_a_row(told: dict[str, Any]) -> None:
    assert read(told) is None


def test_a_tombstone_says_nothing_as_the_delete_before_it_did() -> None:
    assert read_change(b'{"id": 7}', None) is None


def test_unwrapped_rows_are_read_with_what_debezium_adds() -> None:
    assert read({**ROW, "__op": "u", "__source_ts_ms": MS}) == Change("is", ROW, AT)
    assert read({**ROW, "__deleted": "true", "__source_ts_ms": MS}) == Change("gone", ROW, AT)


def test_columns_with_debeziums_times_become_times() -> None:
    fields = [
        {"field": "at", "name": "io.debezium.time.MicroTimestamp", "type": "int64"},
        {"field": "day", "name": "io.debezium.time.Date", "type": "int32"},
    ]
    schema = {"type": "struct", "fields": [{"field": "after", "type": "struct", "fields": fields}]}
    found = read({"schema": schema, "payload": event("c", after={"at": MS * 1000, "day": 20_513})})
    assert found is not None
    assert found.row == {"at": AT.isoformat(), "day": "2026-03-01"}


@pytest.mark.parametrize("told", [[1], "x", event("c"), event("z", after=ROW), {"op": "c", "x": 1}])
def test_what_is_no_change_event_is_refused(told: Any) -> None:
    with pytest.raises(NotAChange):
        read(told)


@pytest.mark.parametrize(
    "told",
    [
        {"op": "c", "after": ROW, "source": 1},
        {"op": "d", "before": 1},
        {"schema": {"fields": 1}, "payload": ROW},
        {"schema": {"fields": ["id"]}, "payload": ROW},
        {
            "schema": {"fields": [{"field": "day", "name": "io.debezium.time.Date"}]},
            "payload": {"id": 1, "day": 10**12},
        },
    ],
)
def test_a_shape_that_nobody_thought_of_is_no_change_event(told: Any) -> None:
    with pytest.raises(NotAChange):
        read_change(None, orjson.dumps(told))


def test_a_key_that_is_no_json_hides_no_deletion() -> None:
    change = read_change(b"id-7", orjson.dumps(event("d", before=ROW)))
    assert change is not None
    assert (change.what, change.row) == ("gone", ROW)
