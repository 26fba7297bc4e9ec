"""One pass over all topics: what a view needs of each record, per tenant, small enough for 100,000 items."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from contracts.commands import Command, LoadBegin, LoadEnd, Redrive
from contracts.diversions import DeadLetter, Quarantined, ReviewRequest
from contracts.envelope import EVERYONE, Envelope
from contracts.feedback import FeedbackReceived, Sealed, Tick, Undecodable
from contracts.identity import ordinal_of
from contracts.outcomes import Ledger
from contracts.priority import Alert, LinearIssue, Priority
from contracts.stages import Assignment, EnrichedItem, Provenance, RedactedItem
from contracts.themes import ThemeEvent, ThemeRecord
from wiring.views.model import RejectView
from wiring.views.topics import Place, Records

# Downstream first: what a running flow writes meanwhile is then never an output without its input.
TOPICS = (
    "linear", "alerts", "priorities", "theme-events", "themes", "assignments", "reviews", "enriched",
    "quarantine", "dead-letters", "receipts", "redacted", "journal",
)  # fmt: skip

T = TypeVar("T", bound=Envelope)

LATE_AFTER = timedelta(hours=24)
"""A first delivery that comes later than this after it happened counts as late."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when an item was first delivered."""

    source: str
    origin: str
    line: int | None
    event_time: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What intake found out about an item's current revision."""

    language: str
    full_coverage: bool
    account: str | None
    tier: str
    pii: dict[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What a theme counts of one concern; its words lie at ``place`` of the assignments, if at all."""

    item_id: str
    who: str
    tier: str
    happened_at: datetime
    negative: bool
    has_quote: bool
    place: Place


@dataclass(frozen=True, slots=True)
class InReview:
    """A concern that was sent to a person; ``text`` opens only while its subject's key lives."""

    item_id: str
    reason: str
    category: str
    confidence_milli: int
    quote: str | None
    text: Sealed


@dataclass(slots=True)
class Gathered:
    """What the records of one tenant say."""

    ledger: Ledger = field(default_factory=Ledger)
    clock: datetime | None = None
    origins: dict[str, Origin] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    themes: dict[str, tuple[int, ThemeRecord]] = field(default_factory=dict)
    theme_events: list[ThemeEvent] = field(default_factory=list)
    priorities: dict[str, tuple[int, Priority]] = field(default_factory=dict)
    issues: list[LinearIssue] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    rejects: dict[str, RejectView] = field(default_factory=dict)
    quarantine_reasons: dict[str, str] = field(default_factory=dict)
    reviews: dict[str, InReview] = field(default_factory=dict)
    provenance: dict[Provenance, None] = field(default_factory=dict)
    redaction_versions: Counter[str] = field(default_factory=Counter)
    late: int = 0
    arrival_clock: datetime | None = None

    def take(self, topic: str, place: Place, record: Envelope) -> None:
        """Take one record of a topic into account."""
        self.ledger.apply(topic, record)
        match record:
            case Tick():
                self.tick(topic, record)
            case FeedbackReceived():
                self._received(record)
            case Command(order=Redrive(item=item)) if topic == "journal":
                self._received(item)
            case RedactedItem():
                self._redacted(record)
            case EnrichedItem():
                self.provenance.setdefault(record.provenance)
            case Assignment():
                self._assigned(record, place)
            case ThemeRecord():
                _keep_latest(self.themes, record.theme_id, record)
            case Priority():
                _keep_latest(self.priorities, record.theme_id, record)
            case ThemeEvent() if topic == "theme-events":
                self.theme_events.append(record)
            case ReviewRequest() if record.concern.decision.needs_review:
                self._asked(record)
            case LinearIssue(change="open"):
                self.issues.append(record)
            case Alert():
                self.alerts.append(record)
            case DeadLetter():
                self._rejected(record)
            case Quarantined():
                self.quarantine_reasons[record.item_id] = record.reason

    def tick(self, topic: str, tick: Tick) -> None:
        """It has become ``tick``'s time."""
        # The clock is that of the last stage: a journal that was loaded ahead says nothing of the themes.
        if topic == "assignments":
            self.clock = max(self.clock or tick.event_time, tick.event_time)
        elif topic == "journal":
            self.arrival_clock = tick.event_time

    def _received(self, record: FeedbackReceived) -> None:
        if record.item_id in self.origins:
            return
        found = record.found_at
        self.origins[record.item_id] = Origin(record.source, found.origin, found.line, record.event_time)
        if self.arrival_clock and record.event_time < self.arrival_clock - LATE_AFTER:
            self.late += 1

    def _redacted(self, record: RedactedItem) -> None:
        facts = record.facts
        if record.withdrawn:
            self.known.pop(record.item_id, None)
            return
        full = record.coverage == "full"
        self.known[record.item_id] = Known(record.language, full, facts.account, facts.tier, record.pii)
        self.redaction_versions[record.redaction_version] += 1

    def _assigned(self, record: Assignment, place: Place) -> None:
        if record.about is None:
            return
        facts, decision = record.about.facts, record.about.decision
        self.said[record.concern_id] = Said(
            record.item_id,
            facts.account or facts.author or record.item_id,
            facts.tier,
            record.about.happened_at,
            decision.sentiment == "negative",
            record.about.quote is not None,
            place,
        )

    def _asked(self, record: ReviewRequest) -> None:
        decision = record.concern.decision
        self.reviews[record.concern.concern_id] = InReview(
            record.item.item_id,
            record.reason,
            decision.category,
            decision.confidence_milli,
            record.quote,
            record.item.text,
        )

    def _rejected(self, record: DeadLetter) -> None:
        at = record.found_at
        self.rejects[record.id] = RejectView(
            at.origin, at.line, record.field, record.reason, record.message, record.stage
        )

    def left(self) -> list[RejectView]:
        """The rejects that nobody has dealt with; one that was redriven and failed again is there once."""
        states = self.ledger.letters()
        return [
            reject for name, reject in self.rejects.items() if states[name] not in ("redriven", "dropped")
        ]


def _keep_latest(kept: dict[str, tuple[int, T]], key: str, record: T) -> None:
    ordinal = ordinal_of(record.id)
    if key not in kept or ordinal >= kept[key][0]:
        kept[key] = (ordinal, record)


def gather(topics: Records, tenant: str | None) -> dict[str, Gathered]:
    """What all topics say, by tenant; only of ``tenant`` (and of nobody) if one is named.

    A tick for everyone is one of each tenant of its part, but for those that are loading history (ADR 12).
    """
    found: dict[str, Gathered] = {}
    for topic in TOPICS:
        shared = SharedTicks(topic)
        for place, record in topics.records(topic):
            if record.tenant == EVERYONE:
                shared.tick(place, record)
            elif tenant in (None, record.tenant) or isinstance(record, Undecodable):
                one = found.setdefault(record.tenant, Gathered())
                shared.meet(place, record, one)
                one.take(topic, place, record)
        shared.end()
    return found


class SharedTicks:
    """Ticks for everyone in one topic: each tenant is told of the latest before its next record, and at the end."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._latest: dict[int, Tick] = {}
        self._here: dict[str, tuple[int, Gathered]] = {}
        self._loading: set[str] = set()

    def tick(self, place: Place, record: Envelope) -> None:
        """A record for everyone; one that is no tick says nothing of the time."""
        if isinstance(record, Tick):
            self._latest[place.part] = record

    def meet(self, place: Place, record: Envelope, one: Gathered) -> None:
        """A tenant's record is about to be taken into account."""
        self._here[record.tenant] = (place.part, one)
        self._tell(record.tenant)
        match record:
            case Command(order=LoadBegin()):
                self._loading.add(record.tenant)
            case Command(order=LoadEnd()):
                self._loading.discard(record.tenant)

    def end(self) -> None:
        """Nothing more comes in this topic."""
        for name in self._here:
            self._tell(name)

    def _tell(self, name: str) -> None:
        part, one = self._here[name]
        if name not in self._loading and (tick := self._latest.get(part)) is not None:
            one.tick(self._topic, tick)
