"""Priority: windowed scores that explain themselves, issues fit for Linear, and alerts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.commands import IssueState
from contracts.envelope import Envelope, Message, UtcTime
from contracts.feedback import Tier
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
    verdicts: float | None = None


class WindowScore(Message):
    """One theme in one event-time window that ends at the record's ``event_time``."""

    window: Window
    concerns: int
    accounts: int
    impact: float = Field(ge=0, le=100)
    factors: Factors
    negative: Interval


class Verdicts(Message):
    """What trackers' verdicts on a tenant's earlier issues, of one category or of one rule, say of a theme's weight.

    ``resolution`` is the share of those that ended which were done. ``factor`` is what the score is multiplied by;
    where it would be lower, ``held`` says why it is not.
    """

    by: Literal["category", "rule"]
    name: str
    resolution: Interval
    factor: float
    held: str | None = None


class Levels(Message):
    """Means of one metric before ``complaints``, and of what is usual then: errors in millionths, latency in ms."""

    before: int
    usual: int
    complaints: int


class Corroboration(Message):
    """What telemetry says of a theme's complaints (bugs and negative concerns) of two weeks.

    ``share``: of those before which errors or latency were measured, in how many they were far above the usual; nothing
    measured is 0 of 0, and unknown. The levels are of the corroborated complaints, where there is none of the others.
    ``deploy`` is what ran before most of the corroborated ones, ``deploy_complaints`` before how many of them.
    """

    complaints: int
    share: Interval
    errors_ppm: Levels | None = None
    latency_p95_ms: Levels | None = None
    deploy: str | None = None
    deploy_complaints: int | None = None


class Priority(Envelope):
    """Topic ``priorities`` (compacted by theme): how much a theme matters at ``event_time``.

    ``impact`` (0 to 100) is the larger of the windows' impacts; afterwards it decays by half every
    ``half_life_s`` seconds without news, which a reader computes from this record. ``why`` is a sentence.
    ``action`` is what the decision matrix suggests for most of its concerns, ``action_rule`` the rule and
    ``action_owner`` whose work that is; absent where no rule fired. ``issue_id`` is the issue that stands for the
    theme and ``issue_state`` what its tracker last said of it; ``resolution`` is the share of the theme's issues that
    came to an end by being done, and ``regressions`` how often one that was done was opened again.
    ``corroborated`` of its concerns of two weeks came within hours of errors or latency far above the usual;
    ``telemetry`` has the figures, absent where nothing was measured. ``verdicts`` says how earlier issues weigh, absent
    where none of the kind has ended.
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
    issue_id: str | None = None
    issue_state: IssueState | None = None
    resolution: Interval | None = None
    regressions: int | None = None
    corroborated: int | None = None
    telemetry: Corroboration | None = None
    verdicts: Verdicts | None = None


class Quote(Message):
    """A redacted quote with its way back: the source's own address, or the item id.

    ``subject`` is the salted hash of who said it and ``account`` theirs, as ``accounts`` names it: a ``Withdrawal``
    names a quote by its concern or its subject.
    """

    text: str
    item_id: str
    source: str
    source_url: str | None = None
    concern_id: str | None = None
    subject: str | None = None
    account: str | None = None


IssueChange = Literal["open", "recur", "reopen", "relink"]


class AffectedCustomer(Message):
    """An account that an issue is about; ``mrr`` in whole currency units a month, where it is known."""

    account: str
    tier: Tier
    mrr: float | None = None


class LinearIssue(Envelope):
    """Topic ``linear``: an issue as Linear's ``IssueCreateInput`` wants it, or what is to be done to one; kept 7 days.

    ``priority`` is Linear's: 1 urgent, 2 high, 3 medium, 4 low. ``issue_id`` is a function of tenant,
    lineage and ``episode``, so creating it twice is creating it once. ``action``, ``action_rule`` and
    ``action_owner`` are as in ``Priority``, and so is ``telemetry``. ``customers`` are those of ``accounts`` that weigh
    most.

    ``change``: ``open`` creates the issue; ``recur`` comments on it, because customers still come; ``reopen`` opens it
    again, because they came back after it was done; ``relink`` ties it to ``into_issue_id``, because their themes were
    merged. ``description`` is then the comment's text, and ``concerns_since`` and ``accounts_since`` count what came
    since ``since``. ``priority_by_people``: people set the tracker's priority by hand, so it is left alone.
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
    change: IssueChange = "open"
    since: UtcTime | None = None
    concerns_since: int | None = None
    accounts_since: int | None = None
    into_issue_id: str | None = None
    priority_by_people: bool = False
    customers: tuple[AffectedCustomer, ...] = ()
    telemetry: Corroboration | None = None


class Withdrawal(Envelope):
    """Topic ``linear``: what was said is to be taken back wherever it was repeated.

    ``erased``: the key of ``subject`` was destroyed, and whatever quotes them has to go. ``retracted``: the text of one
    concern stands no more, because its item was deleted at its source or says something else now.
    """

    kind: Literal["withdrawal"] = "withdrawal"
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")
    why: Literal["erased", "retracted"]
    subject: str | None = None
    concern_id: str | None = None
    item_id: str | None = None


class Drop(Message):
    """Distinct accounts of a theme in the 7 days up to when its issue was done, and in the 7 days after that.

    ``ratio_low`` and ``ratio_high`` bound after ÷ before at 95 % (from Wilson's interval of after's share of both;
    absent where it has no bound). ``p`` is two-sided, of the exact conditional test of two Poisson counts; unless it is
    below 0.05 the verdict is ``not shown``.
    """

    before: int
    after: int
    ratio_low: float
    ratio_high: float | None = None
    p: float
    verdict: Literal["fell", "rose", "not shown"]


class IssueStatus(Envelope):
    """Topic ``issues`` (compacted by issue): what became of an issue of ours, written whenever that changes.

    ``state`` is what the tracker said last, as of ``at``; ``open`` until it says anything. ``theme_resolution`` and
    ``rule_resolution`` are shares of the issues that came to an end (done, cancelled, duplicate) which were done, of
    the theme with what was merged into it and of the rule that opened the issue. ``regressions``: how often it was
    opened again after it was done. ``drop`` is measured 7 days after it was done. ``tell`` are the accounts to tell
    that it is done, at most 500; ``accounts`` is how many there are.
    """

    kind: Literal["signal"] = "signal"
    issue_id: str
    theme_id: str
    label: str
    episode: int = Field(ge=1)
    rule: str
    state: IssueState
    at: UtcTime
    opened_at: UtcTime
    theme_resolution: Interval
    rule_resolution: Interval
    regressions: int = 0
    tracker: str | None = None
    key: str | None = None
    url: str | None = None
    duplicate_of: str | None = None
    priority: int | None = None
    done_at: UtcTime | None = None
    drop: Drop | None = None
    accounts: int = 0
    tell: tuple[str, ...] = ()


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
