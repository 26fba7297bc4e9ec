"""Feedback as it arrives: the body that a connector hands in, and its sealed place in the journal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from contracts.envelope import Envelope, Message, TenantOrEveryone, UtcTime

Tier = Literal["free", "pro", "business", "enterprise", "unknown"]
KNOWN_TIERS: tuple[Tier, ...] = ("free", "pro", "business", "enterprise")

MAX_TEXT_CHARS = 100_000
"""Longest accepted text. Above any ticket seen, below Kafka's 1 MB message with room for sealing."""


def _tier(value: object) -> object:
    """An unknown tier is a fact about a customer, not an error: it weighs 1 and shows as unknown."""
    name = str(value or "").strip().lower()
    return name if name in KNOWN_TIERS else "unknown"


MAX_SOURCE_CHARS = 64
"""Longest name of a source."""


DEAD_LETTER_SUBJECT = "dead-letter"
"""Bodies that cannot be decoded belong to nobody yet: they are sealed under the tenant's own key."""

TENANT_SUBJECT = "tenant"
"""What belongs to no single person, such as words that many have used."""


class Sealed(Message):
    """AES-256-GCM ciphertext under the key of one data subject.

    ``subject`` names the key (a salted hash, or ``dead-letter`` for the tenant's own); ``nonce``
    and ``ciphertext`` are base64. Destroying the key destroys the text.
    """

    subject: str
    nonce: str
    ciphertext: str


class ContextTurn(Message):
    """What somebody else said around a piece of feedback: kept beside it, never labelled or counted."""

    role: Literal["customer", "agent", "system", "bot"]
    text: str = Field(max_length=MAX_TEXT_CHARS)
    at: UtcTime | None = None


class FeedbackBody(Message):
    """The canonical piece of feedback, as every connector maps it. Only ``text`` is required.

    ``rating`` is 1 to 5, normalised by the connector from a scale that ended at ``rating_scale``; ``mrr`` is in whole
    currency units a month; ``resolution`` is free text such as ``solved``; ``source_updated_at`` orders the revisions
    of one record. ``section`` is the part of a form or review that it is of (``likes``, ``dislikes``). ``language`` is
    what the source says of it, a hint. ``session`` is the one in the product that it is about; it joins telemetry and
    goes no further. ``second_hand``: an employee wrote down what a customer said. ``context`` is
    what agents and systems said around it.
    """

    text: str = Field(min_length=1)
    author: str | None = None
    author_role: str | None = None
    account: str | None = Field(default=None, max_length=200)
    tier: Annotated[Tier, BeforeValidator(_tier)] = "unknown"
    mrr: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    rating: float | None = Field(default=None, ge=1, le=5, allow_inf_nan=False)
    locale: str | None = None
    country: str | None = None
    app_version: str | None = None
    device: str | None = None
    resolution: str | None = None
    source_url: str | None = None
    product: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=64)
    section: str | None = Field(default=None, max_length=64)
    session: str | None = Field(default=None, max_length=200)
    rating_scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    second_hand: bool = False
    context: tuple[ContextTurn, ...] = Field(default=(), max_length=200)
    created_at: UtcTime | None = None
    source_updated_at: UtcTime | None = None

    @field_validator("text")
    @classmethod
    def _text_says_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("text is empty")
        if len(text) > MAX_TEXT_CHARS:
            raise ValueError(f"text has {len(text)} characters; at most {MAX_TEXT_CHARS} are accepted")
        return text


class Coordinates(Message):
    """Where a record came from, so that a person can find it: a file and line, or a topic and offset."""

    origin: str
    line: int | None = None


class FeedbackReceived(Envelope):
    """Journal, kind ``feedback``: one delivery of one piece of feedback, raw and sealed.

    ``body`` opens to the JSON of a ``FeedbackBody``, or to whatever bytes came instead.
    ``author`` is the salted hash of the author, None where unknown. ``unreadable`` says why the connector
    could make no record of the bytes in ``body`` (which go to dead letters as they came). ``waited``: it lay in the
    bulk lane, so that later ones of its item may lie before it in the journal; ``ingested_at`` orders them.
    """

    kind: Literal["feedback"] = "feedback"
    source: str = Field(min_length=1, max_length=MAX_SOURCE_CHARS)
    item_id: str
    author: str | None = None
    body: Sealed
    found_at: Coordinates
    unreadable: str | None = None
    waited: Literal[True] | None = None


class Undecodable(Envelope):
    """A journal value that is no record we can read; it lives in memory only, on its way to dead letters.

    Its envelope is made up (nobody's tenant, the epoch), its ``id`` is its true place in the journal.
    """

    kind: Literal["signal"] = "signal"
    value: bytes
    reason: str
    field: str | None
    message: str


class Tick(Envelope):
    """Journal, kind ``tick``: time has come to ``event_time`` for this tenant.

    With ``*`` as tenant it has come for every tenant of the partition, but for those that are loading history.
    """

    kind: Literal["tick"] = "tick"
    tenant: TenantOrEveryone


class CustomerUpdated(Envelope):
    """Journal, kind ``customer``: what is known of an account from now on."""

    kind: Literal["customer"] = "customer"
    account: str
    tier: Annotated[Tier, BeforeValidator(_tier)] = "unknown"
    mrr: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Telemetry(Envelope):
    """Journal, kind ``telemetry``: a small aggregate of product telemetry for one account, session or version and hour.

    ``metric`` is ``error_ratio`` (0 to 1), ``latency_p95_ms``, ``deploy`` (``value`` 0; the SHA is in ``deploy``) or
    any other, which is kept and not joined. The hour is that of ``event_time``. ``session`` leaves intake no more.
    """

    kind: Literal["telemetry"] = "telemetry"
    account: str | None = None
    metric: str = Field(min_length=1, max_length=64)
    value: float = Field(allow_inf_nan=False)
    session: str | None = Field(default=None, min_length=1, max_length=200)
    version: str | None = Field(default=None, min_length=1, max_length=64)
    deploy: str | None = Field(default=None, max_length=64, pattern=r"^[\w.+-]+$")


class Signal(Envelope):
    """Journal, kind ``signal``: an implicit sign such as a retry or a thumb; weak evidence, never a dislike.

    ``contracts.signals`` says what each name may mean. What the flow says of a source (``source_silent``,
    ``source_flood``, ``source_back``) has its name in ``about`` and what was expected of it in ``expected_milli``.
    """

    kind: Literal["signal"] = "signal"
    account: str | None = None
    name: str
    value: int
    session: str | None = Field(default=None, min_length=1, max_length=200)
    about: str | None = Field(default=None, max_length=MAX_SOURCE_CHARS)
    expected_milli: int | None = Field(default=None, ge=0)
