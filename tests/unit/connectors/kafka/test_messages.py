"""Messages: the headers a subscriber relies on, keys, positions."""

from __future__ import annotations

import pytest

from connectors.kafka.messages import (
    UNPLACED,
    Origin,
    header,
    journal_message,
    message_of,
    sequence_of,
    stage_of,
)
from contracts.errors import StateCorrupt
from contracts.feedback import Tick
from contracts.stages import Assignment
from tests.support.kafka_parts import AT

TICK = Tick(id="3-17-intake-0", tenant="acme", event_time=AT, ingested_at=AT, trace="00-aa-bb-01")
ORIGIN = Origin("redacted", "item_id", "g2", "intake", 3)


def test_a_stage_s_message_wears_the_cloudevents_of_its_record() -> None:
    assert {name: value.decode() for name, value in message_of(ORIGIN, 42, TICK, b"{}").headers} == {
        "ce_specversion": "1.0",
        "ce_id": "3-17-intake-0",
        "ce_source": "/undercurrent/g2/intake/3",
        "ce_type": "undercurrent.redacted.tick.v1",
        "ce_time": "2026-01-01T00:00:00Z",
        "ce_dataschema": "undercurrent/redacted/1.0",
        "content-type": "application/json",
        "ce_tenantid": "acme",
        "ce_partitionkey": "acme",
        "ce_sequence": "42",
        "traceparent": "00-aa-bb-01",
    }


def test_the_key_is_the_tenant_and_what_the_topic_is_keyed_by() -> None:
    class Item(Tick):
        item_id: str = "i-9"

    item = Item(id="0-0", tenant="acme", event_time=AT, ingested_at=AT)
    assert message_of(ORIGIN, 0, item, b"{}").key == b"acme:i-9"
    assert message_of(ORIGIN, 0, TICK, b"{}").key == b"acme"
    assert "item_id" not in Tick.model_fields
    assert "concern_id" in Assignment.model_fields


def test_a_tombstone_has_a_key_and_headers_but_no_value() -> None:
    message = message_of(ORIGIN, 0, TICK, None)
    assert message.value is None
    assert (message.key, header(message.headers, "ce_tenantid")) == (b"acme", "acme")


def test_a_record_without_a_trace_has_no_traceparent() -> None:
    untraced = TICK.model_copy(update={"trace": ""})
    assert header(message_of(ORIGIN, 0, untraced, b"").headers, "traceparent") is None


def test_a_journal_message_is_keyed_by_tenant_and_the_same_when_sent_again() -> None:
    unplaced = TICK.model_copy(update={"id": ""})
    message = journal_message(unplaced, b"value", "edge")
    assert message == journal_message(unplaced, b"value", "edge")
    assert (message.key, message.position) == (b"acme", UNPLACED)
    assert header(message.headers, "ce_id") != header(journal_message(unplaced, b"other").headers, "ce_id")


def test_position_and_stage_are_read_back() -> None:
    headers = message_of(ORIGIN, 42, TICK, b"{}").headers
    assert (sequence_of(headers), stage_of(headers)) == (42, "intake")
    assert stage_of(journal_message(TICK, b"{}").headers) is None


@pytest.mark.parametrize("headers", [None, (), (("ce_sequence", b"-1"),), (("ce_sequence", b"x"),)])
def test_a_message_without_a_position_is_refused(headers: tuple[tuple[str, bytes], ...] | None) -> None:
    with pytest.raises(StateCorrupt, match="ce_sequence"):
        sequence_of(headers)
