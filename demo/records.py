"""What a sample is made of: deliveries (lines of the input), the truth about every item, customers.

A *key* is ``(source, source_record_id)``: one piece of feedback, however often it is delivered.
A *label* is a planted story (``S-…``), an everyday topic (``map_slow``), or None for noise and abuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Key = tuple[str, str]
Value = str | int | float | None
Row = Mapping[str, Value]
Mark = Literal["redelivered", "edited", "stale", "late", "toxic", "furious", "personal"]
DeliveryKind = Literal["first", "redelivery", "edit", "stale", "broken"]

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 60
STORIES = ("S-OUTAGE", "S-BILLING", "S-FEATURE", "S-FADING", "S-TWIN-A", "S-TWIN-B")
FADING = "S-FADING"
TWINS = ("S-TWIN-A", "S-TWIN-B")


@dataclass(frozen=True, slots=True)
class Span:
    """Planted personal data: ``value`` is ``text[start:end]``; types are named as Presidio names them."""

    type: str
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class PlannedConcern:
    """One concern of an item: its label and its ``[start, end)`` place in the plain text."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wording:
    """A plain text with what was put into it."""

    text: str
    concerns: tuple[PlannedConcern, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Breakage:
    """Why a line cannot be accepted; ``field`` is None where the line as a whole cannot be read."""

    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the input. ``raw`` has no line end; ``line`` counts from 1 in order of arrival."""

    line: int
    raw: bytes
    kind: DeliveryKind
    key: Key | None
    arrived_at: datetime
    breakage: Breakage | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one item once everything has arrived (its newest version).

    ``wording`` is the plain text without markup. An item without labels is noise, or toxic.
    ``arrived_at`` is its first arrival. ``author_email`` is None where the author is a user id.
    """

    key: Key
    wording: Wording
    lang: Literal["en", "de", "es"]
    created_at: datetime
    arrived_at: datetime
    marks: frozenset[Mark]
    author_email: str | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its concerns, in order of appearance."""
        return tuple(concern.label for concern in self.wording.concerns)

    @property
    def label(self) -> str | None:
        """The label of its first concern; None for noise and toxic items."""
        return self.labels[0] if self.labels else None

    @property
    def story(self) -> str | None:
        """The planted story that it tells, if any; a story is always the first concern."""
        return self.label if self.label in STORIES else None

    @property
    def toxic(self) -> bool:
        """Whether it threatens or harasses a person."""
        return "toxic" in self.marks

    @property
    def noise(self) -> bool:
        """Whether it is chatter that belongs to no theme."""
        return not self.labels and not self.toxic


@dataclass(frozen=True, slots=True)
class Customer:
    """An account of the imaginary product. ``mrr`` is in whole currency units a month."""

    account: str
    name: str
    tier: str
    mrr: int
    country: str
    lang: Literal["en", "de", "es"]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated sample: its deliveries in order of arrival, the truth by key, its customers."""

    seed: int
    deliveries: tuple[Delivery, ...]
    truths: Mapping[Key, Truth]
    customers: tuple[Customer, ...]

    @property
    def rejects(self) -> tuple[Delivery, ...]:
        """The lines that must be rejected, in order."""
        return tuple(delivery for delivery in self.deliveries if delivery.breakage is not None)
