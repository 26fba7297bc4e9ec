"""What intake says of a delivery: the redacted item, the dead letter, the quarantined item, the receipt.

Every record's id counts on from the last one of the same cause, so they are made in the order in which they go out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.commands import Command, Redrive, ReleaseQuarantined
from contracts.diversions import DeadLetter, Quarantined, Receipt
from contracts.envelope import Envelope
from contracts.errors import RejectItem
from contracts.feedback import (
    DEAD_LETTER_SUBJECT,
    TENANT_SUBJECT,
    Coordinates,
    FeedbackReceived,
    Undecodable,
)
from contracts.stages import ItemFacts, RedactedItem, Redriven
from models.language.detector import UNDETERMINED
from operators.intake.redaction import Readers, Reading
from operators.intake.revisions import RETRACTED
from operators.isolation import Poisoned
from operators.numbering import Numbering
from operators.ports import Vault

Retraction = Literal["retracted", "repeat", "stale"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to take a delivery in: as it came, or because a person ordered it (``cause`` is then the command)."""

    cause: Envelope
    delivery: FeedbackReceived
    order: ReleaseQuarantined | Redrive | None = None

    @property
    def tenant(self) -> str:
        """Whose delivery it is."""
        return self.delivery.tenant

    @property
    def redrive(self) -> Redrive | None:
        """The order to try a dead letter again, if it is one."""
        return self.order if isinstance(self.order, Redrive) else None

    @property
    def released(self) -> bool:
        """Whether a reviewer let it out of quarantine."""
        return isinstance(self.order, ReleaseQuarantined)


class Outputs:
    """Makes the outputs of one partition; each call takes the next id of its cause."""

    def __init__(self, vault: Vault, numbering: Numbering, readers: Readers) -> None:
        self._vault = vault
        self._numbering = numbering
        self._readers = readers

    def redacted(
        self,
        attempt: Attempt,
        digest: str,
        revision: int,
        facts: ItemFacts,
        replaces: int | None,
        reading: Reading | None,
    ) -> RedactedItem:
        """One revision; without a ``reading`` it withdraws what it replaces and shows nothing."""
        delivery, again = attempt.delivery, attempt.redrive
        redaction = reading.redaction if reading else None
        text = redaction.text if redaction else ""
        return RedactedItem.model_construct(
            **self._numbering.header(attempt.cause, delivery.tenant),
            kind="feedback",
            event_time=delivery.event_time,
            item_id=delivery.item_id,
            doc_id=digest,
            revision=revision,
            replaces=replaces,
            text=self._vault.seal(delivery.tenant, delivery.body.subject, text.encode()),
            language=reading.language if reading else UNDETERMINED,
            coverage=redaction.coverage if redaction else "structured",
            pii=dict(sorted(redaction.counts.items())) if redaction else {},
            facts=facts,
            withdrawn=reading is None,
            redaction_version=self._readers.redaction_version,
            redriven=Redriven(attempt=again.attempt, first_failed_at=again.first_failed_at)
            if again
            else None,
            schema_version="1.0",
        )

    def withdrawn(
        self, order: Command, item: str, facts: ItemFacts, revision: int, replaces: int
    ) -> RedactedItem:
        """What stands of an item is taken back, as its source deleted it."""
        return RedactedItem.model_construct(
            **self._numbering.header(order),
            kind="feedback",
            event_time=order.event_time,
            item_id=item,
            doc_id=self._vault.digest(order.tenant, f"{RETRACTED} {item}".encode()),
            revision=revision,
            replaces=replaces,
            text=self._vault.seal(order.tenant, TENANT_SUBJECT, b""),
            language=UNDETERMINED,
            coverage="structured",
            pii={},
            facts=facts,
            withdrawn=True,
            redaction_version=self._readers.redaction_version,
            schema_version="1.0",
        )

    def retraction(self, order: Command, item: str, outcome: Retraction) -> Receipt:
        """What became of an order to take an item back."""
        return Receipt.model_construct(
            **self._numbering.header(order),
            kind="signal",
            event_time=order.event_time,
            item_id=item,
            outcome=outcome,
            schema_version="1.0",
        )

    def quarantined(self, attempt: Attempt, reason: str, detail: str) -> Quarantined:
        """A delivery that is held back."""
        return Quarantined.model_construct(
            **self._numbering.header(attempt.cause, attempt.tenant),
            kind="signal",
            event_time=attempt.delivery.event_time,
            reason=reason,
            detail=detail,
            item_id=attempt.delivery.item_id,
            item=attempt.delivery,
            schema_version="1.0",
        )

    def receipt(self, attempt: Attempt, outcome: Literal["repeat", "stale", "erased"]) -> Receipt:
        """A delivery that changes nothing."""
        return Receipt.model_construct(
            **self._numbering.header(attempt.cause, attempt.tenant),
            kind="signal",
            event_time=attempt.delivery.event_time,
            item_id=attempt.delivery.item_id,
            outcome=outcome,
            schema_version="1.0",
        )

    def undecodable(self, record: Undecodable) -> DeadLetter:
        """A journal value that is no record; it belongs to nobody yet."""
        return DeadLetter.model_construct(
            **self._numbering.header(record, record.tenant),
            kind="signal",
            event_time=record.event_time,
            stage="intake",
            reason=record.reason,
            field=record.field,
            message=record.message,
            found_at=Coordinates(origin=f"journal {record.id}"),
            original=self._vault.seal(record.tenant, DEAD_LETTER_SUBJECT, record.value),
            schema_version="1.0",
        )

    def dead_letter(
        self, attempt: Attempt, error: RejectItem, *, exception: str | None = None, withdraws: bool = False
    ) -> DeadLetter:
        """A delivery that cannot succeed as it is."""
        redrive = attempt.redrive
        first: datetime = redrive.first_failed_at if redrive else attempt.cause.ingested_at
        return DeadLetter.model_construct(
            **self._numbering.header(attempt.cause, attempt.tenant),
            kind="signal",
            event_time=attempt.cause.event_time,
            stage="intake",
            reason=error.reason,
            field=error.field,
            message=str(error),
            item_id=attempt.delivery.item_id,
            found_at=attempt.delivery.found_at,
            original=attempt.delivery.body,
            exception=exception,
            withdraws=withdraws,
            attempt=redrive.attempt if redrive else 1,
            first_failed_at=first,
            redrive_id=attempt.cause.id if redrive else None,
            schema_version="1.0",
        )

    def poisoned(self, attempt: Attempt, by: Poisoned, doing: str, *, withdraws: bool) -> DeadLetter:
        """A delivery on which something raised what nobody expected."""
        return self.dead_letter(attempt, by.rejection(doing), exception=by.exception, withdraws=withdraws)
