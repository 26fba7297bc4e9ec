"""The intake step.

In:    the journal of one partition.   Out: ``redacted`` items and everything that is not feedback, in order;
       ``dead-letters``, ``quarantine``, ``receipts``.
State: the current revision of each item; what is known of each account; who is loading; the reject budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from contracts.commands import Command, LoadBegin, LoadEnd, ReleaseQuarantined
from contracts.diversions import DeadLetter, Quarantined, Receipt
from contracts.envelope import Envelope, Out
from contracts.errors import RejectItem
from contracts.feedback import (
    Coordinates,
    CustomerUpdated,
    FeedbackBody,
    FeedbackReceived,
    Sealed,
    Signal,
    Telemetry,
    Undecodable,
)
from contracts.stages import RedactedItem
from operators.intake.budget import RejectBudget, RejectPolicy
from operators.intake.decode import decode_body
from operators.intake.facts import Account, account_id, facts_of
from operators.intake.redaction import Readers, Reading, read_texts
from operators.intake.revisions import Revisions
from operators.numbering import Numbering
from operators.ports import DEAD_LETTER_SUBJECT, Vault
from operators.state import Table


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A delivery that counts, waiting for what the models say of its text."""

    cause: Envelope
    delivery: FeedbackReceived
    body: FeedbackBody
    account: Account | None
    digest: str
    revision: int
    released: bool


@dataclass(frozen=True, slots=True)
class _Settled:
    """A record that needs no model: where it goes, and what it does to the reject budget."""

    cause: Envelope
    topic: str
    record: Envelope
    rejected: bool = False


class IntakeStep:
    """Validate, order by revision, redact; one instance per journal partition."""

    def __init__(self, vault: Vault, readers: Readers, rejects: RejectPolicy | None = None) -> None:
        self._vault = vault
        self._readers = readers
        self._revisions = Revisions()
        self._accounts: Table[Account] = Table(lambda a: [a.tier, a.mrr], lambda row: Account(*row))
        self._loading: Table[bool] = Table()
        self._budget = RejectBudget(rejects or RejectPolicy())
        self._numbering = Numbering("intake")
        self.tables: Mapping[str, Table[Any]] = {
            "items": self._revisions.table,
            "accounts": self._accounts,
            "loading": self._loading,
        }

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Redacted items and diversions, in the order of the records.

        Records are judged one by one; only the models, whose answers depend on a text alone, see the
        batch, so batching changes nothing. Raises ``BudgetExceeded`` and ``RedactionDown``.
        """
        budgeted = []
        entries = []
        for record in records:
            entries.append(self._settle(record))
            budgeted.append(self._is_budgeted(record))
        fresh = [entry for entry in entries if isinstance(entry, _Fresh)]
        readings = iter(read_texts(self._readers, [entry.body.text for entry in fresh]))
        outs: list[Out] = []
        for entry, counts in zip(entries, budgeted, strict=True):
            if isinstance(entry, _Fresh):
                reading = next(readings)
                rejected = reading.redaction is None
                outs.extend(self._conclude(entry, reading))
            else:
                rejected = entry.rejected
                outs.append(Out(entry.topic, entry.record))
            if counts:
                self._budget.record(rejected=rejected)
        return outs

    def snapshot(self) -> dict[str, Any]:
        """The output count and the reject budget."""
        return {"numbering": self._numbering.snapshot(), "budget": self._budget.snapshot()}

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped."""
        self._numbering.restore(small["numbering"])
        self._budget.restore(small["budget"])

    # -- before the models ---------------------------------------------------------------------------

    def _settle(self, record: Envelope) -> _Fresh | _Settled:
        match record:
            case FeedbackReceived():
                return self._settle_delivery(record, record, released=False)
            case Command(order=ReleaseQuarantined(item=item)):
                return self._settle_delivery(record, item, released=True)
            case Undecodable():
                return self._undecodable(record)
            case CustomerUpdated() | Telemetry() | Signal():
                return self._settle_account(record)
            case Command(order=LoadBegin()):
                self._loading.put(record.tenant, value=True)
            case Command(order=LoadEnd()):
                self._loading.drop(record.tenant)
        return _Settled(record, "redacted", record)

    def _settle_account(self, record: CustomerUpdated | Telemetry | Signal) -> _Settled:
        """Speak of the account as items do: by its id, or by a hash where that may be a person's address."""
        account = account_id(record.account, lambda value: self._vault.subject(record.tenant, value))
        if isinstance(record, CustomerUpdated) and account:
            self._accounts.put(f"{record.tenant}/{account}", Account(record.tier, record.mrr))
        if account and account != record.account:
            return _Settled(record, "redacted", record.model_copy(update={"account": account}))
        return _Settled(record, "redacted", record)

    def _settle_delivery(
        self, cause: Envelope, delivery: FeedbackReceived, *, released: bool
    ) -> _Fresh | _Settled:
        raw = self._vault.open(delivery.tenant, delivery.body)
        if raw is None:
            return self._receipt(cause, delivery, "erased")
        try:
            body = decode_body(raw, delivery.unreadable)
        except RejectItem as exc:
            return self._dead_letter(
                cause, exc, delivery.tenant, delivery.found_at, delivery.body, delivery.item_id
            )
        digest = self._vault.digest(delivery.tenant, orjson.dumps([body.text, body.rating]))
        verdict = self._revisions.judge(delivery.item_id, digest, body.source_updated_at)
        current = self._revisions.current(delivery.item_id)
        if released and current and digest == current.digest:
            revision = current.revision
        elif verdict in ("first", "revision") and not released:
            revision = self._revisions.apply(delivery.item_id, digest, body.source_updated_at)
        else:
            if verdict == "repeat" and not released:
                self._revisions.confirm(delivery.item_id, body.source_updated_at)
            return self._receipt(cause, delivery, "repeat" if verdict == "repeat" else "stale")
        account = self._account_of(delivery.tenant, body)
        return _Fresh(cause, delivery, body, account, digest, revision, released)

    def _account_of(self, tenant: str, body: FeedbackBody) -> Account | None:
        account = account_id(body.account, lambda v: self._vault.subject(tenant, v))
        return self._accounts.get(f"{tenant}/{account}") if account else None

    # -- after the models ----------------------------------------------------------------------------

    def _conclude(self, fresh: _Fresh, reading: Reading) -> list[Out]:
        detained = self._detained_for(fresh, reading)
        stands = None if detained else fresh.revision
        replaces = self._revisions.stand(fresh.delivery.item_id, stands)
        if replaces == fresh.revision and not detained:  # released a second time
            return [Out("receipts", self._receipt(fresh.cause, fresh.delivery, "repeat").record)]
        outs = []
        if detained:
            reason, detail = detained
            outs.append(Out("quarantine", self._quarantined(fresh, reason, detail)))
        if not detained or replaces is not None:
            outs.append(Out("redacted", self._redacted(fresh, reading, replaces, withdrawn=bool(detained))))
        return outs

    @staticmethod
    def _detained_for(fresh: _Fresh, reading: Reading) -> tuple[str, str] | None:
        if reading.redaction is None:
            return "redaction_failed", "personal data could not be looked for in this text"
        if reading.toxicity.quarantine and not fresh.released:
            return "toxic", reading.toxicity.reason or "toxic"
        return None

    def _redacted(
        self, fresh: _Fresh, reading: Reading, replaces: int | None, *, withdrawn: bool
    ) -> RedactedItem:
        delivery, body, redaction = fresh.delivery, fresh.body, reading.redaction
        text = redaction.text if redaction and not withdrawn else ""
        return RedactedItem.model_construct(
            **self._header(fresh.cause, delivery.tenant),
            kind="feedback",
            event_time=delivery.event_time,
            item_id=delivery.item_id,
            doc_id=fresh.digest,
            revision=fresh.revision,
            replaces=replaces,
            text=self._vault.seal(delivery.tenant, delivery.body.subject, text.encode()),
            language=reading.language,
            coverage=redaction.coverage if redaction else "structured",
            pii=dict(sorted(redaction.counts.items())) if redaction and not withdrawn else {},
            facts=facts_of(
                body,
                source=delivery.source,
                author=delivery.author,
                account=fresh.account,
                hashed=lambda value: self._vault.subject(delivery.tenant, value),
            ),
            withdrawn=withdrawn,
            redaction_version=self._readers.redaction_version,
            schema_version="1.0",
        )

    def _quarantined(self, fresh: _Fresh, reason: str, detail: str) -> Quarantined:
        return Quarantined.model_construct(
            **self._header(fresh.cause, fresh.delivery.tenant),
            kind="signal",
            event_time=fresh.delivery.event_time,
            reason=reason,
            detail=detail,
            item_id=fresh.delivery.item_id,
            item=fresh.delivery,
            schema_version="1.0",
        )

    def _receipt(
        self, cause: Envelope, delivery: FeedbackReceived, outcome: Literal["repeat", "stale", "erased"]
    ) -> _Settled:
        receipt = Receipt.model_construct(
            **self._header(cause, delivery.tenant),
            kind="signal",
            event_time=delivery.event_time,
            item_id=delivery.item_id,
            outcome=outcome,
            schema_version="1.0",
        )
        return _Settled(cause, "receipts", receipt)

    def _undecodable(self, record: Undecodable) -> _Settled:
        error = RejectItem(record.message, reason=record.reason, field=record.field)
        original = self._vault.seal(record.tenant, DEAD_LETTER_SUBJECT, record.value)
        found_at = Coordinates(origin=f"journal {record.id}")
        return self._dead_letter(record, error, record.tenant, found_at, original, None)

    def _dead_letter(
        self,
        cause: Envelope,
        error: RejectItem,
        tenant: str,
        found_at: Coordinates,
        original: Sealed,
        item_id: str | None,
    ) -> _Settled:
        letter = DeadLetter.model_construct(
            **self._header(cause, tenant),
            kind="signal",
            event_time=cause.event_time,
            stage="intake",
            reason=error.reason,
            field=error.field,
            message=str(error),
            item_id=item_id,
            found_at=found_at,
            original=original,
            schema_version="1.0",
        )
        return _Settled(cause, "dead-letters", letter, rejected=True)

    def _header(self, cause: Envelope, tenant: str) -> dict[str, Any]:
        return {
            "id": self._numbering.after(cause),
            "tenant": tenant,
            "ingested_at": cause.ingested_at,
            "trace": cause.trace,
        }

    def _is_budgeted(self, record: Envelope) -> bool:
        # A load of history lists every reject and goes on: a person is waiting for the whole list.
        delivered = isinstance(record, FeedbackReceived | Undecodable)
        return delivered and record.tenant not in self._loading
