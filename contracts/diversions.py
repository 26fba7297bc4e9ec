"""Where items go that cannot simply go on: dead letters, quarantine, review. Nothing is silently lost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.envelope import Envelope, UtcTime
from contracts.feedback import Coordinates, FeedbackReceived, Sealed
from contracts.stages import Concern, EnrichedItem


class DeadLetter(Envelope):
    """Topic ``dead-letters``: a record that can never succeed as it is, sealed, with why and where from.

    ``reason`` is a short constant, ``field`` names the culprit, ``message`` is free of the item's content.
    ``exception`` is the class of what was raised where nobody expected it (reason ``poison``). ``withdraws`` says that
    the item's earlier revision no longer stands: this one had taken its place. ``attempt`` counts from 1;
    ``redrive_id`` is the journal record that ordered this attempt, ``first_failed_at`` when the journal took the
    delivery that failed first.
    """

    kind: Literal["signal"] = "signal"
    stage: str
    reason: str
    field: str | None = None
    message: str
    item_id: str | None = None
    found_at: Coordinates
    original: Sealed
    exception: str | None = None
    withdraws: bool = False
    attempt: int = Field(default=1, ge=1)
    first_failed_at: UtcTime | None = None
    redrive_id: str | None = None


class Quarantined(Envelope):
    """Topic ``quarantine``: an item held back, encrypted, until a reviewer releases it.

    ``reason``: ``toxic``, ``redaction_failed`` or ``language_not_covered``.
    """

    kind: Literal["signal"] = "signal"
    reason: str
    detail: str
    item_id: str
    item: FeedbackReceived


class ReviewRequest(Envelope):
    """Topic ``reviews``: a concern that a person is asked about. Kept 7 days.

    ``reason``: ``low_confidence`` (it waits for the answer) or ``category_unsure`` (it goes on; models learn from the
    answer). ``worth_milli`` is the expected value of a person's answer: ask the highest first. Before ``due`` a model
    may still answer, and nobody need look. ``options`` are the categories to choose from, the likeliest first.
    ``category_milli`` is how probably the newest version of the tenant's own model has the category right; None where
    nobody has taught one.
    """

    kind: Literal["signal"] = "signal"
    reason: str
    concern: Concern
    item: EnrichedItem
    quote: str | None = None
    worth_milli: int | None = Field(default=None, ge=0)
    due: UtcTime | None = None
    options: tuple[str, ...] = ()
    category_milli: int | None = Field(default=None, ge=0, le=1000)
    schema_version: str = Field(default="1.1", alias="schema", pattern=r"^\d+\.\d+$")


class Receipt(Envelope):
    """Topic ``receipts``: an accepted delivery that changes nothing, and why; or an item that was taken back.

    ``outcome``: ``repeat`` (same content as the current revision), ``stale`` (an older version that came
    late, or one that its source wrote before it deleted the item), ``erased`` (its subject's key is gone) or
    ``retracted`` (its source deleted the item, and what stood of it is withdrawn).
    """

    kind: Literal["signal"] = "signal"
    item_id: str
    outcome: Literal["repeat", "stale", "erased", "retracted"]
