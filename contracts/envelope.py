"""The envelope that every record of every topic wears, and the shape of what a stage hands on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Kind = Literal[
    "feedback",
    "tick",
    "command",
    "answer",
    "customer",
    "telemetry",
    "signal",
    "business_event",
    "theme_answer",
    "theme",
    "theme_event",
    "theme_order",
    "theme_question",
    "model_event",
    "withdrawal",
]
"""What a record is about. The last six are born in a stage; the others come through the journal."""


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone, say 2026-01-31T12:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time must lie in the years 1 to 9999, in UTC too") from None


UtcTime = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment in UTC; a time without a zone is refused, never guessed."""


Tenant = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
"""A tenant's name: safe in file names, keys and topic headers."""

EVERYONE = "*"
"""The tenant of a record that is about every tenant of its journal partition."""

TenantOrEveryone = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^(\*|[a-z0-9][a-z0-9._-]*)$")]


class Message(BaseModel):
    """A frozen part of a record; unknown fields are ignored, so a newer minor version still reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @classmethod
    def made(cls, **values: Any) -> Self:
        """A part made of what has been checked already: ``model_construct`` at a third of its time.

        By field name, not alias. A field that is unknown, or left out though it has no plain default, raises
        ``TypeError``; values are not looked at.
        """
        shape = (cls, *values)
        blank, given = _SHAPES.get(shape) or _shape(shape)
        self = cls.__new__(cls)
        _set(self, "__dict__", blank | values if blank else values)
        _set(self, "__pydantic_fields_set__", given)
        _set(self, "__pydantic_extra__", None)
        _set(self, "__pydantic_private__", None)
        return self


_set = object.__setattr__
_Shape = tuple[Any, ...]
# (class, field, field …) → its fields in the order in which they are written, with defaults (empty where all are
# given in that order); and those given.
# One per place in the code that makes records, so it stays small; frozen records never change the shared set.
_SHAPES: dict[_Shape, tuple[dict[str, Any], set[str]]] = {}


def _shape(shape: _Shape) -> tuple[dict[str, Any], set[str]]:
    """Check the names of a new shape, and remember it."""
    cls, given = shape[0], set(shape[1:])
    fields = cls.model_fields
    needed = {n for n, field in fields.items() if field.is_required() or field.default_factory is not None}
    if wrong := (needed - given) | (given - fields.keys()):
        raise TypeError(f"{cls.__name__}: missing or unknown fields: {', '.join(sorted(wrong))}")
    in_order = list(shape[1:]) == list(fields)
    blank = {} if in_order else {name: field.get_default() for name, field in fields.items()}
    _SHAPES[shape] = blank, given
    return blank, given


class Envelope(Message):
    """What every record says of itself.

    ``id`` is a pure function of the input: ``"<journal partition>-<journal ordinal>-<stage>-<n>"``
    (``"<partition>-<ordinal>"`` in the journal itself), so a replay writes the same ids.
    ``event_time`` is when it happened, ``ingested_at`` when it was accepted; ``trace`` is a W3C traceparent and never
    influences a result. ``ingested_at`` influences one: which of two deliveries of an item is the newer one, where the
    source does not say and one of them waited in the bulk lane.
    """

    id: str
    kind: Kind
    tenant: Tenant
    event_time: UtcTime
    ingested_at: UtcTime
    trace: str = ""
    schema_version: str = Field(default="1.0", alias="schema", pattern=r"^\d+\.\d+$")


class Out(NamedTuple):
    """One record on its way to a topic (``topic`` is the short name: ``redacted``, ``linear`` …)."""

    topic: str
    record: Envelope
