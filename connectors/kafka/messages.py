"""What lies in a Kafka message of ours: the record's JSON, a key, and CloudEvents headers in binary mode.

A header says what a subscriber must know before it opens the value: whose it is, of what kind, which id makes two
copies one, and the ``position`` that lets a reader tell a duplicate from a gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from connectors.kafka.cluster import LARGEST_RECORD
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt, WrongUsage
from contracts.registry import read_record

Header = tuple[str, bytes]
Headers = tuple[Header, ...]

SEQUENCE = "ce_sequence"
SOURCE = "ce_source"
ID = "ce_id"

LARGEST_LINE = LARGEST_RECORD - 4_096
"""The largest record in bytes; headers and the batch's own bytes come on top."""

UNPLACED = -1
"""The position of a message that gets its place from the broker: a journal record."""


class KafkaMessage(NamedTuple):
    """A message on its way to a partition; ``value`` None is a tombstone, ``position`` the stage's own count."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    position: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes: a stage of a generation, for one partition, to a topic (short name) keyed by ``key_field``."""

    topic: str
    key_field: str
    generation: str
    stage: str
    partition: int


def message_of(origin: Origin, position: int, record: Envelope, value: bytes | None) -> KafkaMessage:
    """The message of a stage's record: ``value`` is what ``write_record`` made of it, None for a tombstone.

    A record without the key field (a tick on a topic of items) is keyed by its tenant alone.
    """
    subject = None if origin.key_field == "tenant" else getattr(record, origin.key_field, None)
    key = record.tenant if subject is None else f"{record.tenant}:{subject}"
    source = f"/undercurrent/{origin.generation}/{origin.stage}/{origin.partition}"
    headers = (*_said_of(source, origin.topic, record, key, record.id), (SEQUENCE, b"%d" % position))
    return KafkaMessage(key.encode(), value, headers, position)


def journal_message(record: Envelope, value: bytes, producer: str = "edge") -> KafkaMessage:
    """The message of a journal record, keyed by tenant; its place, and so its true id, is what the broker gives it.

    Until then ``ce_id`` is a digest of the value: the same whenever the same record is sent again.
    """
    digest = blake2b(value, digest_size=16).hexdigest()
    headers = _said_of(f"/undercurrent/{producer}", "journal", record, record.tenant, record.id or digest)
    return KafkaMessage(record.tenant.encode(), value, headers, UNPLACED)


def fitting_record(line: bytes) -> Envelope:
    """The journal record of a line that is to be appended. Raises ``RejectItem`` for what no reader could take."""
    if len(line) > LARGEST_LINE:
        why = f"a record of {len(line)} bytes: at most {LARGEST_LINE} are taken; shorten the text"
        raise RejectItem(why, reason="too_large")
    return read_record("journal", line)


def line_message(line: bytes, producer: str) -> KafkaMessage:
    """``journal_message`` of a line. Raises ``WrongUsage`` for one that is no record or too large."""
    try:
        return journal_message(fitting_record(line), line, producer)
    except RejectItem as exc:
        raise WrongUsage(str(exc)) from exc


def feedback_message(tenant: bytes, value: bytes, time: bytes, trace: bytes, producer: str) -> KafkaMessage:
    """``journal_message`` of a feedback record of schema 1.0 whose parts are known; ``time`` ends with a ``Z``."""
    constant = _constant(f"/undercurrent/{producer}", "journal", "feedback", "1.0")
    digest = blake2b(value, digest_size=16).hexdigest().encode()
    return KafkaMessage(tenant, value, _all(constant, digest, time, tenant, tenant, trace), UNPLACED)


def header(headers: Iterable[Header] | None, name: str) -> str | None:
    """The header of that name as text, or None."""
    for given, value in headers or ():
        if given == name:
            return value.decode("utf-8", "replace")
    return None


def sequence_of(headers: Iterable[Header] | None) -> int:
    """The position that a stage gave its message. Raises ``StateCorrupt`` where there is none."""
    said = header(headers, SEQUENCE)
    if said is None or not said.isdecimal():
        raise StateCorrupt(f"a message without a {SEQUENCE} header ({said!r}): no stage of ours wrote it")
    return int(said)


def stage_of(headers: Iterable[Header] | None) -> str | None:
    """The stage that wrote a message, or None if no stage did."""
    parts = (header(headers, SOURCE) or "").split("/")
    return parts[3] if len(parts) == 5 and parts[1] == "undercurrent" else None


def _said_of(source: str, topic: str, record: Envelope, key: str, event: str) -> Headers:
    constant = _constant(source, topic, record.kind, record.schema_version)
    time = record.event_time.isoformat().replace("+00:00", "Z").encode()
    return _all(constant, event.encode(), time, record.tenant.encode(), key.encode(), record.trace.encode())


def _all(constant: Headers, event: bytes, time: bytes, tenant: bytes, key: bytes, trace: bytes) -> Headers:
    said = (*constant, (ID, event), ("ce_time", time), ("ce_tenantid", tenant), ("ce_partitionkey", key))
    return (*said, ("traceparent", trace)) if trace else said


@cache
def _constant(source: str, topic: str, kind: str, schema: str) -> Headers:
    return (
        ("ce_specversion", b"1.0"),
        (SOURCE, source.encode()),
        ("ce_type", f"undercurrent.{topic}.{kind.replace('_', '-')}.v1".encode()),
        ("ce_dataschema", f"undercurrent/{topic}/{schema}".encode()),
        ("content-type", b"application/json"),
    )
