"""Priority: windowed scores that explain themselves, issues fit for Linear, and alerts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.envelope import Envelope, Message, UtcTime
from contracts.stages import Precedent

Window = Literal["24h", "7d"]


class Interval(Message):
    """A share with its Wilson score interval at 95 %: ``count`` of ``of``."""

    count: int
    of: int
    low: float
    high: float


class Factors(Message):
    """What an impact is made of; ``docs/priority.md`` writes the formula out."""

    volume: float
    sentiment: float
    tier: float
    urgency: float
    recency: float


class WindowScore(Message):
    """One theme in one event-time window that ends at the record's ``event_time``."""

    window: Window
    concerns: int
    accounts: int
    impact: float = Field(ge=0, le=100)
    factors: Factors
    negative: Interval


class Priority(Envelope):
    """Topic ``priorities`` (compacted by theme): how much a theme matters at ``event_time``.

    ``impact`` (0 to 100) is the larger of the windows' impacts; afterwards it decays by half every
    ``half_life_s`` seconds without news, which a reader computes from this record. ``why`` is a sentence.
    ``action`` is what the decision matrix suggests for most of its concerns, ``action_rule`` the rule and
    ``action_owner`` whose work that is; absent where no rule fired.
    """

    kind: Literal["signal"] = "signal"
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")
    theme_id: str
    label: str
    impact: float = Field(ge=0, le=100)
    half_life_s: int = Field(gt=0)
    windows: tuple[WindowScore, ...]
    why: str
    last_seen: UtcTime
    affected_accounts: int
    tiers: dict[str, int] = Field(default_factory=dict)
    action: str | None = None
    action_rule: str | None = None
    action_owner: str | None = None


class Quote(Message):
    """A redacted quote with its way back: the source's own address, or the item id."""

    text: str
    item_id: str
    source: str
    source_url: str | None = None


class LinearIssue(Envelope):
    """Topic ``linear``: an issue as Linear's ``IssueCreateInput`` wants it; kept 7 days.

    ``priority`` is Linear's: 1 urgent, 2 high, 3 medium, 4 low. ``issue_id`` is a function of tenant,
    lineage and ``episode``, so creating it twice is creating it once. ``action``, ``action_rule`` and
    ``action_owner`` are as in ``Priority``.
    """

    kind: Literal["signal"] = "signal"
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")
    issue_id: str
    theme_id: str
    episode: int = Field(ge=1)
    rule: str
    title: str = Field(max_length=255)
    description: str
    priority: Literal[1, 2, 3, 4]
    labels: tuple[str, ...]
    accounts: tuple[str, ...]
    tiers: dict[str, int]
    impact: float
    quotes: tuple[Quote, ...]
    action: str | None = None
    action_rule: str | None = None
    action_owner: str | None = None


class Alert(Envelope):
    """Topic ``alerts``: something a person should know now; kept 7 days.

    ``precedent`` is set where a concern is very close to a theme that was known to be critical. ``action``,
    ``action_rule`` and ``action_owner`` are set where a theme opens no engineering issue because the decision matrix
    says that something else is to be done. ``drift_id`` and ``detector`` are those of the drift event that it is of.
    """

    kind: Literal["signal"] = "signal"
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")
    alert_id: str
    rule: str
    severity: Literal["page", "warn", "info"]
    title: str
    body: str
    theme_id: str | None = None
    precedent: Precedent | None = None
    action: str | None = None
    action_rule: str | None = None
    action_owner: str | None = None
    drift_id: str | None = None
    detector: str | None = None
