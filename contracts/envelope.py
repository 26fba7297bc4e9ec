"""The envelope that every record of every topic wears, and the shape of what a stage hands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Kind = Literal[
    "feedback", "tick", "command", "answer", "customer", "telemetry", "signal", "theme", "theme_event"
]
"""What a record is about. The last two are born in a stage; the others come through the journal."""


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone, say 2026-01-31T12:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time must lie in the years 1 to 9999, in UTC too") from None


UtcTime = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment in UTC; a time without a zone is refused, never guessed."""


class Message(BaseModel):
    """A frozen part of a record; unknown fields are ignored, so a newer minor version still reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Envelope(Message):
    """What every record says of itself.

    ``id`` is a pure function of the input: ``"<journal partition>-<journal ordinal>-<stage>-<n>"``
    (``"<partition>-<ordinal>"`` in the journal itself), so a replay writes the same ids.
    ``event_time`` is when it happened, ``ingested_at`` when the journal took it; ``trace`` is a
    W3C traceparent. ``ingested_at`` and ``trace`` never influence a result.
    """

    id: str
    kind: Kind
    tenant: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    event_time: UtcTime
    ingested_at: UtcTime
    trace: str = ""
    schema_version: str = Field(default="1.0", alias="schema", pattern=r"^\d+\.\d+$")


@dataclass(frozen=True, slots=True)
class Out:
    """One record on its way to a topic (``topic`` is the short name: ``redacted``, ``linear`` …)."""

    topic: str
    record: Envelope
