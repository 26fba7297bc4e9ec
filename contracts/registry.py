"""Which record types each topic carries, and how to read one. ``topics/*.yaml`` says the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from contracts.answers import Answer, AnswerSetAside
from contracts.business import BusinessEvent
from contracts.commands import Command
from contracts.diversions import DeadLetter, Quarantined, Receipt, ReviewRequest
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StopWorker
from contracts.feedback import CustomerUpdated, FeedbackReceived, Signal, Telemetry, Tick, Undecodable
from contracts.identity import journal_id
from contracts.learning import ModelEvent
from contracts.naming import AnswerRefused, ThemeAnswer, ThemeQuestion
from contracts.priority import Alert, IssueStatus, LinearIssue, Priority, Withdrawal
from contracts.stages import Assignment, EnrichedItem, RedactedItem
from contracts.themes import DriftEvent, ThemeEvent, ThemeOrdered, ThemeRecord
from contracts.unfit import first_unfit

SCHEMA_MAJOR = 1
"""The major version that this code reads; a record of another major goes to dead letters."""

_JOURNAL: tuple[type[Envelope], ...] = (
    FeedbackReceived,
    Tick,
    Command,
    Answer,
    CustomerUpdated,
    Telemetry,
    Signal,
    BusinessEvent,
    ThemeAnswer,
)
# What is not feedback travels through the stages unchanged, so that every stage sees one order.
_PASSING = _JOURNAL[1:]

RECORDS: dict[str, tuple[type[Envelope], ...]] = {
    "journal": _JOURNAL,
    "bulk": _JOURNAL,
    "redacted": (RedactedItem, *_PASSING),
    "enriched": (EnrichedItem, *_PASSING),
    "assignments": (Assignment, ThemeRecord, ThemeEvent, ThemeOrdered, *_PASSING),
    "themes": (ThemeRecord,),
    "theme-events": (ThemeEvent, ThemeOrdered),
    "drift": (DriftEvent,),
    "priorities": (Priority,),
    "linear": (LinearIssue, Withdrawal),
    "issues": (IssueStatus,),
    "alerts": (Alert,),
    "reviews": (ReviewRequest,),
    "quarantine": (Quarantined,),
    "dead-letters": (DeadLetter,),
    "receipts": (Receipt, AnswerRefused, AnswerSetAside),
    "questions": (ThemeQuestion,),
    "model-events": (ModelEvent,),
}
"""Short topic name to the record types on it; a topic with several is told apart by ``kind``."""


@cache
def reader(topic: str) -> TypeAdapter[Any]:
    """The validator of one topic's records."""
    types = RECORDS[topic]
    if len(types) == 1:
        return TypeAdapter(types[0])
    union: Any = types[0]
    for record_type in types[1:]:
        union = union | record_type
    return TypeAdapter(Annotated[union, Field(discriminator="kind")])


def read_record(topic: str, value: bytes | str) -> Envelope:
    """Parse one record of ``topic``.

    Raises ``RejectItem`` with reason ``schema_unsupported`` (another major) or ``schema`` (not a record
    of this topic; ``field`` names the first culprit). The message never holds the record's content.
    """
    try:
        record: Envelope = reader(topic).validate_json(value)
    except ValidationError as exc:
        unfit = first_unfit(exc)
        why = f"not a record of {topic}: {unfit.why}"
        raise RejectItem(why, reason="schema", field=unfit.field or None) from None
    if int(record.schema_version.split(".")[0]) != SCHEMA_MAJOR:
        raise RejectItem(
            f"schema {record.schema_version} is not readable here; this reads {SCHEMA_MAJOR}.x",
            reason="schema_unsupported",
            field="schema",
        )
    return record


NOBODY = "nobody"
"""The tenant of a record that does not say whose it is."""

UNKEYED = b"\x00unkeyed\x00"
"""What a reader of the journal puts before a value that came without a key; no record begins like this."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_journal(partition: int, ordinal: int, value: bytes) -> Envelope:
    """The journal record at a place; its id is that place. Never raises: see ``Undecodable``."""
    place = journal_id(partition, ordinal)
    try:
        return _read_keyed(value).model_copy(update={"id": place})
    except RejectItem as exc:
        return Undecodable(
            id=place,
            tenant=NOBODY,
            event_time=_EPOCH,
            ingested_at=_EPOCH,
            value=value.removeprefix(UNKEYED),
            reason=exc.reason,
            field=exc.field,
            message=str(exc),
        )


def _read_keyed(value: bytes) -> Envelope:
    if value.startswith(UNKEYED):
        raise RejectItem("a journal record is keyed by its tenant; this one has no key", reason="no_key")
    return read_record("journal", value)


def read_stage(topic: str, value: bytes) -> Envelope:
    """A record that a stage of ours wrote; what cannot be read stops the worker, for it would leave a gap."""
    try:
        return read_record(topic, value)
    except RejectItem as exc:
        raise StopWorker(
            f"{exc}; the stage before it runs another version: upgrade this one, or replay"
        ) from exc


def write_record(record: Envelope) -> bytes:
    """The JSON value of a record, without a newline."""
    return record.model_dump_json(by_alias=True, exclude_none=True).encode()
