"""Where items go that cannot simply go on: dead letters, quarantine, review. Nothing is silently lost."""

from __future__ import annotations

from typing import Literal

from contracts.envelope import Envelope
from contracts.feedback import Coordinates, FeedbackReceived, Sealed
from contracts.stages import Concern, EnrichedItem


class DeadLetter(Envelope):
    """Topic ``dead-letters``: a record that can never succeed as it is, sealed, with why and where from.

    ``reason`` is a short constant, ``field`` names the culprit, ``message`` is free of the item's content.
    """

    kind: Literal["signal"] = "signal"
    stage: str
    reason: str
    field: str | None = None
    message: str
    item_id: str | None = None
    found_at: Coordinates
    original: Sealed


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
    """Topic ``reviews``: a concern we are not sure about; it waits for a person. Kept 7 days."""

    kind: Literal["signal"] = "signal"
    reason: str
    concern: Concern
    item: EnrichedItem
    quote: str | None = None


class Receipt(Envelope):
    """Topic ``receipts``: an accepted delivery that changes nothing, and why.

    ``outcome``: ``repeat`` (same content as the current revision), ``stale`` (an older version that came
    late) or ``erased`` (its subject's key is gone).
    """

    kind: Literal["signal"] = "signal"
    item_id: str
    outcome: Literal["repeat", "stale", "erased"]
