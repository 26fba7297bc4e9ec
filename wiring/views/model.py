"""What a data directory shows: plain frozen data, ready for a table, a report or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from contracts.priority import Alert, Interval, LinearIssue, Priority
from contracts.stages import Outcome, Provenance
from contracts.themes import ThemeEvent

Trend = Literal["rising", "steady", "fading", "new"]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One piece of feedback; ``outcome`` is None while it is on its way. ``themes`` are resolved ids."""

    item_id: str
    source: str
    origin: str
    line: int | None
    event_time: datetime
    outcome: Outcome | None
    language: str | None = None
    themes: tuple[str, ...] = ()
    account: str | None = None
    tier: str = "unknown"


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Redacted words of one concern, with the way back to where they were said.

    ``inside`` is False for a counter-example that stayed outside the theme.
    """

    text: str
    item_id: str
    source: str
    source_url: str | None
    happened_at: datetime
    sentiment: str
    severity: str
    tier: str
    inside: bool = True


@dataclass(frozen=True, slots=True)
class ThemeView:
    """One theme as it stands at the run's clock, with what was merged into it (``absorbed``).

    ``effective_impact`` is the latest priority's impact, decayed to the clock. ``daily`` counts concerns
    per day from the first day of the run's period. ``negative`` is the share over 7 days where the
    latest priority has any, else over all time (``negative_days`` None). ``tiers`` counts distinct
    accounts. ``withheld`` counts concerns whose words may not be shown. ``family`` is what the family is called that it
    is in, None if it is in none.
    """

    rank: int
    theme_id: str
    label: str
    keywords: tuple[str, ...]
    status: Literal["active", "merged", "retired"]
    language: str
    absorbed: tuple[str, ...]
    concerns: int
    accounts: int
    tiers: Mapping[str, int]
    first_seen: datetime
    last_seen: datetime
    priority: Priority | None
    effective_impact: float
    negative: Interval
    negative_days: int | None
    trend: Trend
    daily: tuple[int, ...]
    quotes: tuple[QuoteView, ...]
    counter_examples: tuple[QuoteView, ...]
    withheld: int
    family: str | None = None


@dataclass(frozen=True, slots=True)
class RejectView:
    """A record that could not be accepted, and where a person finds it."""

    origin: str
    line: int | None
    field: str | None
    reason: str
    message: str
    stage: str


@dataclass(frozen=True, slots=True)
class ReviewSample:
    """A concern that waits for a person; ``quote`` is None where its words may not be shown."""

    concern_id: str
    item_id: str
    reason: str
    category: str
    confidence_milli: int
    quote: str | None


@dataclass(frozen=True, slots=True)
class ReviewsView:
    """Concerns that wait for a person, by reason, and how many were ever sent."""

    waiting: int
    sent: int
    reasons: Mapping[str, int]
    samples: tuple[ReviewSample, ...]


@dataclass(frozen=True, slots=True)
class LanguageView:
    """A language, how many items are in it, and whether names in it can be recognised."""

    language: str
    items: int
    full_coverage: bool


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything a data directory says of one tenant.

    ``clock`` is the latest tick that the stages have seen, ``period`` the event times of the items (None
    without any). ``outcomes`` counts items, ``concern_outcomes`` concerns, ``deliveries`` what each
    delivery did. ``late``: first deliveries that came more than 24 hours after they happened. ``pii``
    counts what was replaced in the current revisions, by type. ``on_their_way``: accepted items without
    an outcome yet. ``violations``: laws of ``contracts.outcomes`` that do not hold, ideally none.
    ``can_open`` is False when the key store is missing, so that no quote can be shown.
    """

    tenant: str
    clock: datetime | None
    period: tuple[datetime, datetime] | None
    first_day: date | None
    items: tuple[ItemView, ...]
    themes: tuple[ThemeView, ...]
    issues: tuple[LinearIssue, ...]
    alerts: tuple[Alert, ...]
    theme_events: tuple[ThemeEvent, ...]
    rejects: tuple[RejectView, ...]
    quarantined: Mapping[str, int]
    reviews: ReviewsView
    pii: Mapping[str, int]
    deliveries: Mapping[str, int]
    late: int
    outcomes: Mapping[str, int]
    concern_outcomes: Mapping[str, int]
    sources: Mapping[str, int]
    languages: tuple[LanguageView, ...]
    provenance: tuple[Provenance, ...]
    redaction_versions: tuple[str, ...]
    encoders: tuple[str, ...]
    on_their_way: int
    violations: tuple[str, ...]
    can_open: bool

    def theme(self, theme_id: str) -> ThemeView | None:
        """The theme with this id, also when it was merged into another; None if there is none."""
        for theme in self.themes:
            if theme_id == theme.theme_id or theme_id in theme.absorbed:
                return theme
        return None
