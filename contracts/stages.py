"""What the stages hand on to each other: redacted items, enriched concerns, theme assignments.

Ticks, customer updates and commands travel on the same topics in their journal form, so every stage
sees one order. Text is sealed under its subject's key; ids, labels, numbers and vectors are clear.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.envelope import Envelope, Message, UtcTime
from contracts.feedback import Sealed, Tier

Outcome = Literal[
    "themed",
    "waiting",
    "unthemed",
    "in_review",
    "quarantined",
    "dead_lettered",
    "filtered",
    "erased",
    "superseded",
]
"""What has become of a concern; exactly one at any time."""

Coverage = Literal["full", "structured"]
"""``structured``: no name recogniser exists for the language, only the pattern recognisers ran."""

Severity = Literal["critical", "high", "medium", "low"]
SentimentLabel = Literal["negative", "neutral", "positive"]

TelemetryVerdict = Literal["corroborated", "not_corroborated"]
"""Whether errors or latency were far above the usual before a complaint, where they were measured at all."""


class ItemTelemetry(Message):
    """What the product measured in the hours before an item, for its session, else its account, else its version.

    Ratios are in millionths. ``usual_…`` is the tenant's own mean. ``elevated`` names what was far above it.
    ``signals`` counts implicit signs by name: they are ambiguous (``contracts.signals``), weigh ``signal_weight_milli``
    thousandths of a sentence together, and change no label.
    """

    scope: Literal["session", "account", "version"]
    error_ppm: int | None = Field(default=None, ge=0)
    usual_error_ppm: int | None = Field(default=None, ge=0)
    latency_p95_ms: int | None = Field(default=None, ge=0)
    usual_latency_p95_ms: int | None = Field(default=None, ge=0)
    deploy: str | None = None
    elevated: Literal["errors", "latency"] | None = None
    signals: dict[str, int] | None = None
    signal_weight_milli: int | None = Field(default=None, ge=0)


class ItemFacts(Message):
    """What is known of an item besides its text; carried through every stage.

    ``author`` is a salted hash. ``account`` is the customer's account id (hashed if it looked like
    personal data). ``mrr`` is in whole currency units a month. ``section`` is the part of a form or review that it is
    of, ``language_hint`` what its source says of its language. ``second_hand``: an employee wrote down what a customer
    said.
    """

    source: str
    author: str | None = None
    author_role: str | None = None
    account: str | None = None
    tier: Tier = "unknown"
    mrr: float | None = None
    rating: float | None = None
    locale: str | None = None
    country: str | None = None
    app_version: str | None = None
    device: str | None = None
    resolution: str | None = None
    source_url: str | None = None
    product: str | None = None
    section: str | None = None
    language_hint: str | None = None
    second_hand: bool | None = None
    telemetry: ItemTelemetry | None = None


class Redriven(Message):
    """Which attempt a redriven delivery is, and when the journal took the one that failed first."""

    attempt: int = Field(ge=2)
    first_failed_at: UtcTime


class RedactedItem(Envelope):
    """Topic ``redacted``: one revision of an item, personal data replaced by typed placeholders.

    ``revision`` counts the applied revisions from 1; ``replaces`` is the revision whose concerns are
    to be retracted first; ``withdrawn`` says that nothing replaces them (the new revision is held in
    quarantine). ``pii`` counts what was replaced, by type. ``redriven`` is set where a person ordered to try again.
    """

    kind: Literal["feedback"] = "feedback"
    item_id: str
    doc_id: str
    revision: int = Field(ge=1)
    replaces: int | None = None
    text: Sealed
    language: str
    coverage: Coverage
    pii: dict[str, int] = Field(default_factory=dict)
    facts: ItemFacts
    withdrawn: bool = False
    redaction_version: str
    redriven: Redriven | None = None


class Decision(Message):
    """What was decided about one concern, and how sure.

    ``sentiment_milli`` runs from -1000 to 1000, ``confidence_milli`` (that this is an understood
    concern) from 0 to 1000. ``evidence`` holds literal spans of the concern, as [start, end) offsets.
    ``suggested_action`` is an action of the decision matrix, ``action_rule`` the rule that fired and ``action_owner``
    whose work that is.
    ``category_milli`` is the probability that the category is right, where a tenant's own model says so.
    ``telemetry`` says whether what the product measured bears a complaint out; absent where nobody complains or nothing
    was measured. ``telemetry_times_milli`` is how many times the usual it stood at, in thousandths.
    """

    category: str
    sublabel: str | None = None
    runner_up: str | None = None
    severity: Severity
    sentiment: SentimentLabel
    sentiment_milli: int = Field(ge=-1000, le=1000)
    bug: bool = False
    feature_request: bool = False
    product_area: str | None = None
    root_cause: str | None = None
    suggested_action: str | None = None
    intent: str | None = None
    segment: str | None = None
    entities: tuple[str, ...] = ()
    evidence: tuple[tuple[int, int], ...] = ()
    explanation: str = ""
    confidence_milli: int = Field(ge=0, le=1000)
    needs_review: bool = False
    product_fix: bool = False
    retrain: bool = False
    churn_risk: bool = False
    urgent: bool = False
    provisional: bool = True
    action_rule: str | None = None
    action_owner: str | None = None
    category_milli: int | None = Field(default=None, ge=0, le=1000)
    telemetry: TelemetryVerdict | None = None
    telemetry_times_milli: int | None = Field(default=None, ge=0)


class Vector(Message):
    """A unit vector on the integer grid: base64 of little-endian ``dtype``, tagged with its model."""

    model: str
    dtype: Literal["<i2"] = "<i2"
    data: str


class Provenance(Message):
    """Which versions made a record, so that any label can be explained.

    ``prompt``, ``model``, ``provider``, ``route`` and costs are those of a remote model's answer; ``cost_micro_usd`` is
    None where nobody knows the price. ``cost_usd`` is of the first schema, and stays 0.
    """

    run: str
    git_commit: str
    taxonomy: str
    labeller: str
    encoder: str
    redaction: str
    prompt: str | None = None
    model: str | None = None
    temperature: float | None = None
    cost_usd: float = 0.0
    provider: str | None = None
    route: str | None = None
    route_reason: str | None = None
    cost_micro_usd: int | None = None


class Concern(Message):
    """One concern of an item: the span [start, end) of its redacted text, with what was decided of it.

    ``notes`` opens to a model's own words about it (``contracts.answers.ConcernNotes``).
    """

    concern_id: str
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    summary: Sealed
    decision: Decision
    vector: Vector | None = None
    summary_vector: Vector | None = None
    notes: Sealed | None = None


class EnrichedItem(Envelope):
    """Topic ``enriched``: the concerns of one revision of an item.

    ``retracts`` lists the concerns of the replaced revision, to be taken back before these apply.
    A concern with ``decision.needs_review`` is in review and not clustered until confirmed. An item comes again with
    one of its concerns when that is decided anew; ``dismissed`` names those of which a person said that they are none.
    """

    kind: Literal["feedback"] = "feedback"
    item_id: str
    revision: int = Field(ge=1)
    text: Sealed
    language: str
    coverage: Coverage
    facts: ItemFacts
    concerns: tuple[Concern, ...]
    retracts: tuple[str, ...] = ()
    provenance: Provenance
    dismissed: tuple[str, ...] | None = None


class AssignmentFacts(Message):
    """The part of a concern that priority counts, carried on its first change.

    ``quote`` is the sealed redacted text of the concern; None when its language has no name recogniser,
    because such a quote must not leave.
    """

    facts: ItemFacts
    language: str
    decision: Decision
    happened_at: UtcTime
    quote: Sealed | None = None


class Precedent(Message):
    """A theme that is known to be critical, and which a concern is very close to.

    ``concern_id`` is the latest critical concern of the theme, and ``at`` is when that happened; ``critical`` of the
    theme's ``concerns`` are critical, or a person (``marked_by``) said that the theme is. ``similarity_milli`` is the
    new concern's cosine to the theme's centroid in decision space.
    """

    theme_id: str
    concern_id: str
    at: UtcTime
    similarity_milli: int
    critical: int = Field(ge=0)
    concerns: int = Field(ge=0)
    marked_by: str | None = None


class Assignment(Envelope):
    """Topic ``assignments``: a change of one concern's theme or outcome.

    ``change``: ``assigned`` to ``theme``; ``moved`` from ``from_theme`` to ``theme``; ``retracted``
    from ``from_theme`` (None if it had none); ``waiting`` in the forming pool; ``unthemed``: evicted
    from it; ``relabelled``: it stays where it is, and ``about`` holds what is decided of it now.
    ``sequence`` counts the changes of this concern from 1. ``theme`` is the theme's *origin*: redirects of merges
    are resolved when emitting scores. ``similarity_milli`` is the cosine to the theme's centroid in decision
    space, ``z_milli`` the same in standard deviations of the tenant's background; ``runner_up`` is the next
    nearest theme. ``p_milli`` is the probability, from 0 to 1000, that the theme is the right one; ``ask_milli``
    is set on the few uncertain ones that a person is asked about: what an answer is worth. ``about`` is set on
    the concern's first change and when it is relabelled; on its first, so is ``duplicate_of``: the earliest
    concern still held that says nearly the same. ``velocity_milli`` is how many concerns the theme gets in a day
    now (the last 24 hours of event time), ``velocity_before_milli`` how many a day it got in the seven days
    before that, both in thousandths and with this concern. ``escalation`` names the precedent when the concern is
    very close, on arrival, to a theme that was known to be critical before it came.
    """

    kind: Literal["feedback"] = "feedback"
    change: Literal["assigned", "moved", "retracted", "waiting", "unthemed", "relabelled"]
    concern_id: str
    item_id: str
    sequence: int = Field(ge=1)
    theme: str | None = None
    from_theme: str | None = None
    similarity_milli: int | None = None
    z_milli: int | None = None
    runner_up: str | None = None
    runner_up_milli: int | None = None
    p_milli: int | None = Field(default=None, ge=0, le=1000)
    ask_milli: int | None = Field(default=None, ge=0)
    reason: str = ""
    about: AssignmentFacts | None = None
    duplicate_of: str | None = None
    velocity_milli: int | None = None
    velocity_before_milli: int | None = None
    escalation: Precedent | None = None
