"""The intake step.

In:    the journal of one partition.   Out: ``redacted`` items and everything that is not feedback, in order;
       ``dead-letters``, ``quarantine``, ``receipts``.
State: the current revision of each item; what is known of each account; who is loading; which dead letters were
       dealt with; the reject budget; what surrounds feedback (``operators.intake.around``).
Elsewhere: what each output says (``operators.intake.outputs``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.commands import (
    Command,
    DropLetter,
    LoadBegin,
    LoadEnd,
    Redrive,
    ReleaseQuarantined,
    RetractItem,
)
from contracts.envelope import Envelope, Out
from contracts.errors import PipelineError, RejectItem
from contracts.feedback import (
    CustomerUpdated,
    FeedbackBody,
    FeedbackReceived,
    Signal,
    Telemetry,
    Tick,
    Undecodable,
)
from contracts.identity import ordinal_of
from contracts.stages import ItemFacts
from operators.budget import RejectBudget, RejectPolicy
from operators.intake.around import Around
from operators.intake.decode import decode_body
from operators.intake.facts import Account, facts_of
from operators.intake.letters import Letters, Refusal, refusal
from operators.intake.outputs import Attempt, Outputs
from operators.intake.redaction import Readers, Reading, read_texts
from operators.intake.revisions import RETRACTED, Revisions
from operators.isolation import POISON, Poisoned, each_apart
from operators.numbering import Numbering
from operators.ports import Vault
from operators.state import Table

READING = "its text was read"
DECODING = "its body was decoded"


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A delivery that counts, waiting for what the models say of its text."""

    attempt: Attempt
    text: str
    facts: ItemFacts
    digest: str
    revision: int


@dataclass(frozen=True, slots=True)
class _Settled:
    """A record that needs no model: what it leads to, and whether that is the dead letters."""

    outs: tuple[Out, ...]
    rejected: bool = False


def _settled(topic: str, record: Envelope, *, rejected: bool = False) -> _Settled:
    return _Settled((Out(topic, record),), rejected)


@dataclass(frozen=True, slots=True)
class _Retracted:
    """An order to take an item back, which counts."""

    cause: Command
    order: RetractItem
    revision: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """How a record counts in the reject budget; a load of history lists every reject and goes on."""

    is_delivery: bool
    loading: bool


def _subjects(records: Sequence[Envelope]) -> Iterator[tuple[str, str]]:
    """Tenant and subject of whose texts will be opened."""
    for record in records:
        match record:
            case FeedbackReceived():
                yield record.tenant, record.body.subject
            case Command(order=ReleaseQuarantined() | Redrive() as order):
                yield order.item.tenant, order.item.body.subject


class IntakeStep:
    """Validate, order by revision, redact; one instance per journal partition."""

    def __init__(self, vault: Vault, readers: Readers, rejects: RejectPolicy | None = None) -> None:
        self._vault = vault
        self._readers = readers
        self._revisions = Revisions()
        self._letters = Letters()
        self._accounts: Table[Account] = Table(lambda a: [a.tier, a.mrr], lambda row: Account(*row))
        self._loading: Table[bool] = Table()
        self._budget = RejectBudget(rejects or RejectPolicy())
        self._numbering = Numbering("intake")
        self._outputs = Outputs(vault, self._numbering, readers)
        self._around = Around(vault, self._numbering, self._loading)
        self.tables: Mapping[str, Table[Any]] = {
            "items": self._revisions.table,
            "accounts": self._accounts,
            "loading": self._loading,
            "letters": self._letters.table,
            **self._around.tables,
        }

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Redacted items and diversions, in the order of the records.

        Records are judged one by one; only the models, whose answers depend on a text alone, see the
        batch, so batching changes nothing. Whoever is erased while the models read is erased after it: what was opened
        can be sealed. Raises ``BudgetExceeded`` and ``RedactionDown``.
        """
        with self._vault.at_once(_subjects(records)):
            return self._taken(records)

    def _taken(self, records: Sequence[Envelope]) -> list[Out]:
        entries = [(self._settle(record), self._counted(record)) for record in records]
        texts = [entry.text for entry, _ in entries if isinstance(entry, _Fresh)]
        readings = iter(each_apart(lambda some: read_texts(self._readers, some), texts))
        outs: list[Out] = []
        for entry, counted in entries:
            reading = None
            if isinstance(entry, _Fresh):
                reading = next(readings)
                rejected = isinstance(reading, Poisoned) or reading.redaction is None
                outs.extend(self._conclude(entry, reading))
            elif isinstance(entry, _Retracted):
                rejected = False
                outs.extend(self._withdraw(entry))
            else:
                rejected = entry.rejected
                outs.extend(entry.outs)
            # What nobody expected is a defect of ours, so it counts in a load too.
            if counted.is_delivery and not (
                rejected and counted.loading and not isinstance(reading, Poisoned)
            ):
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

    def _settle(self, record: Envelope) -> _Fresh | _Settled | _Retracted:
        match record:
            case FeedbackReceived():
                self._around.delivered(record)
                return self._settle_delivery(Attempt(record, record))
            case Command(order=ReleaseQuarantined() | Redrive() as order):
                return self._settle_delivery(Attempt(record, order.item, order))
            case Undecodable():
                return _settled("dead-letters", self._outputs.undecodable(record), rejected=True)
            case CustomerUpdated():
                return self._settle_account(record)
            case Telemetry() | Signal():
                return _settled("redacted", self._around.take(record))
            case Tick():
                return _Settled(self._around.ticked(record))
            case Command(order=RetractItem() as order):
                return self._retract(record, order)
            case Command(order=DropLetter(letter=letter)):
                self._letters.drop(letter)
            case Command(order=LoadBegin()):
                self._loading.put(record.tenant, value=True)
            case Command(order=LoadEnd()):
                self._loading.drop(record.tenant)
        return _settled("redacted", record)

    def _settle_account(self, record: CustomerUpdated) -> _Settled:
        """Speak of the account as items do: by its id, or by a hash where that may be a person's address."""
        account = self._around.account(record.tenant, record.account)
        if account:
            self._accounts.put(f"{record.tenant}/{account}", Account(record.tier, record.mrr))
        if account and account != record.account:
            return _settled("redacted", record.model_copy(update={"account": account}))
        return _settled("redacted", record)

    def _retract(self, record: Command, order: RetractItem) -> _Settled | _Retracted:
        """Keep out what its source wrote of an item before it deleted it."""
        item, at = order.item_id, order.at or record.event_time
        verdict = self._revisions.judge_retraction(item, at)
        if verdict != "applies":
            if verdict == "repeat":
                self._revisions.confirm(item, at)
            return _settled("receipts", self._outputs.retraction(record, item, verdict))
        return _Retracted(record, order, self._revisions.apply(item, RETRACTED, at, ordinal_of(record.id)))

    def _settle_delivery(self, attempt: Attempt) -> _Fresh | _Settled:
        redrive = attempt.redrive
        if redrive and (refused := self._refused(attempt, redrive)):
            return _settled("receipts", self._outputs.receipt(attempt, refused))
        raw = self._vault.open(attempt.tenant, attempt.delivery.body)
        if raw is None:
            return _settled("receipts", self._outputs.receipt(attempt, "erased"))
        try:
            body, facts = self._decoded(attempt, raw)
        except RejectItem as exc:
            return _settled("dead-letters", self._outputs.dead_letter(attempt, exc), rejected=True)
        except PipelineError:
            raise
        except Exception as exc:  # noqa: BLE001 - decoding is a function of the body alone: only this item suffers
            poisoned = Poisoned(type(exc).__name__)
            letter = self._outputs.poisoned(attempt, poisoned, DECODING, withdraws=False)
            return _settled("dead-letters", letter, rejected=True)
        return self._ordered(attempt, body, facts)

    def _refused(self, attempt: Attempt, order: Redrive) -> Refusal | None:
        if attempt.cause.tenant != attempt.tenant:
            return "stale"
        return self._letters.take(order.letter)

    def _decoded(self, attempt: Attempt, raw: bytes) -> tuple[FeedbackBody, ItemFacts]:
        """What a body says. Raises ``RejectItem``, or whatever a parser does on an input that nobody thought of."""
        tenant, delivery = attempt.tenant, attempt.delivery
        body = decode_body(raw, delivery.unreadable)
        known = self._around.account(tenant, body.account)
        facts = facts_of(
            body,
            source=delivery.source,
            author=delivery.author,
            account=self._accounts.get(f"{tenant}/{known}") if known else None,
            hashed=lambda value: self._vault.subject(tenant, value),
            telemetry=self._around.before(tenant, delivery.event_time, body),
        )
        return body, facts

    def _ordered(self, attempt: Attempt, body: FeedbackBody, facts: ItemFacts) -> _Fresh | _Settled:
        """The delivery at its place among its item's revisions: fresh, or a receipt."""
        delivery = attempt.delivery
        item, accepted_at = delivery.item_id, delivery.ingested_at
        digest = self._vault.digest(attempt.tenant, orjson.dumps([body.text, body.rating]))
        current = self._revisions.current(item)
        if attempt.released and current and digest == current.digest:
            return _Fresh(attempt, body.text, facts, digest, current.revision)
        verdict = self._revisions.judge(
            item, digest, body.source_updated_at, accepted_at if delivery.waited else None
        )
        if attempt.redrive and verdict != "stale":
            refused = refusal(attempt.redrive.letter, attempt.cause.id, digest, current)
            verdict = refused or "revision"
        if verdict in ("repeat", "stale") or attempt.released:
            if verdict == "repeat" and not attempt.released:
                self._revisions.confirm(item, body.source_updated_at, accepted_at)
            told = self._outputs.receipt(attempt, "repeat" if verdict == "repeat" else "stale")
            return _settled("receipts", told)
        place = ordinal_of(attempt.cause.id)
        revision = self._revisions.apply(item, digest, body.source_updated_at, place, accepted_at)
        return _Fresh(attempt, body.text, facts, digest, revision)

    # -- after the models ----------------------------------------------------------------------------

    def _withdraw(self, order: _Retracted) -> list[Out]:
        """Take back what stands of an item; what does is known once all before it was read."""
        item, outs = order.order.item_id, []
        replaces = self._revisions.stand(item, None)
        if replaces is not None:
            facts = ItemFacts.model_construct(source=order.order.source)
            gone = self._outputs.withdrawn(order.cause, item, facts, order.revision, replaces)
            outs.append(Out("redacted", gone))
        return [*outs, Out("receipts", self._outputs.retraction(order.cause, item, "retracted"))]

    def _conclude(self, fresh: _Fresh, reading: Reading | Poisoned) -> list[Out]:
        attempt, outputs = fresh.attempt, self._outputs
        detained = self._detained_for(fresh, reading)
        stands = None if detained else fresh.revision
        replaces = self._revisions.stand(attempt.delivery.item_id, stands)
        if replaces == fresh.revision and not detained:  # released a second time
            return [Out("receipts", outputs.receipt(attempt, "repeat"))]
        outs = []
        if isinstance(reading, Poisoned):
            outs.append(Out("dead-letters", outputs.poisoned(attempt, reading, READING, withdraws=True)))
        elif detained:
            outs.append(Out("quarantine", outputs.quarantined(attempt, *detained)))
        if not detained or replaces is not None:
            shown = None if detained or isinstance(reading, Poisoned) else reading
            redacted = outputs.redacted(attempt, fresh.digest, fresh.revision, fresh.facts, replaces, shown)
            outs.append(Out("redacted", redacted))
        return outs

    @staticmethod
    def _detained_for(fresh: _Fresh, reading: Reading | Poisoned) -> tuple[str, str] | None:
        """Reason and detail of what may not go on."""
        if isinstance(reading, Poisoned):
            return POISON, ""
        if reading.redaction is None:
            return "redaction_failed", "personal data could not be looked for in this text"
        if reading.toxicity.quarantine and not fresh.attempt.released:
            return "toxic", reading.toxicity.reason or "toxic"
        return None

    def _counted(self, record: Envelope) -> _Counted:
        delivered = isinstance(record, FeedbackReceived | Undecodable)
        return _Counted(delivered, record.tenant in self._loading)
