"""Make journal records: sealed feedback, ticks, customers, commands. What is appended is accepted.

One writer per journal. A record's ``id`` is its place in the journal and is left empty here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError

from connectors.keys.vault import LocalVault
from contracts.business import BusinessEvent, BusinessKind
from contracts.commands import Command, Order
from contracts.errors import WrongUsage
from contracts.feedback import DEAD_LETTER_SUBJECT, Coordinates, CustomerUpdated, FeedbackReceived, Tick
from contracts.identity import item_id
from contracts.registry import write_record
from contracts.unfit import first_unfit
from operators.intake.facts import account_id


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery as a connector saw it arrive.

    ``at`` is when it arrived and orders the journal; ``happened_at`` is its event time. ``body`` is None
    when no record could be made of ``raw``; then ``unreadable`` says why, and ``author`` whose it is, where that is
    known: what is erased for a person includes what nobody could read.
    """

    at: datetime
    happened_at: datetime
    source: str
    source_record_id: str
    body: dict[str, Any] | None
    found_at: Coordinates
    raw: bytes = b""
    unreadable: str | None = None
    author: str | None = None

    @property
    def said_by(self) -> str | None:
        """The author's own name at the source; None where it is not known."""
        told = self.author if self.body is None else self.body.get("author")
        return str(told) if told else None


class RecordMaker:
    """Makes the journal records of one tenant; ``ingested_at`` is the same for a whole load.

    ``waits``: they go into the bulk lane first.
    """

    def __init__(self, tenant: str, vault: LocalVault, ingested_at: datetime, *, waits: bool = False) -> None:
        self._tenant = tenant
        self._vault = vault
        self._ingested_at = ingested_at
        self._waits = waits

    def feedback(self, arrivals: Sequence[Arrival]) -> list[bytes]:
        """Seal deliveries, each under its author's key, which is durable before the text is."""
        subjects = [self.subject(arrival) for arrival in arrivals]
        self._vault.ensure(self._tenant, subjects)
        return [self._feedback(arrival, subject) for arrival, subject in zip(arrivals, subjects, strict=True)]

    def tick(self, at: datetime) -> bytes:
        """Time has come to ``at``."""
        return write_record(Tick.model_construct(**self._header(at), kind="tick"))

    def customer(self, account: str, tier: str, mrr: float | None, at: datetime) -> bytes:
        """What is known of an account from now on; one that may be a person's address is hashed."""
        spoken = account_id(account, partial(self._vault.subject, self._tenant)) or account
        return write_record(
            CustomerUpdated.model_validate(
                self._header(at) | {"kind": "customer", "account": spoken, "tier": tier, "mrr": mrr}
            )
        )

    def command(self, author: str, order: Order, at: datetime) -> bytes:
        """An order of a person or of ours."""
        return write_record(
            Command.model_construct(**self._header(at), kind="command", author=author, order=order)
        )

    def business_event(
        self, author: str, event: BusinessKind, name: str, at: datetime, url: str | None = None
    ) -> bytes:
        """The business did something at ``at``, or something happened to it. Raises ``WrongUsage``."""
        said = {"kind": "business_event", "author": author, "event": event, "name": name, "url": url}
        try:
            return write_record(BusinessEvent.model_validate(self._header(at) | said))
        except ValidationError as exc:
            raise WrongUsage(f"business event: {first_unfit(exc).told('record')}") from None

    def subject(self, arrival: Arrival) -> str:
        """Whose key seals a delivery: its author's; without an author the item is a subject of its own."""
        if author := arrival.said_by:
            return self._vault.subject(self._tenant, author)
        if arrival.body is None:
            return DEAD_LETTER_SUBJECT
        # It can be erased, and nothing else with it.
        return nobodys_subject(self._vault, self._tenant, self._item(arrival))

    def _item(self, arrival: Arrival) -> str:
        return item_id(self._tenant, arrival.source, arrival.source_record_id)

    def _feedback(self, arrival: Arrival, subject: str) -> bytes:
        author = arrival.said_by
        plain = arrival.raw if arrival.body is None else orjson.dumps(arrival.body)
        record = FeedbackReceived.model_construct(
            **self._header(arrival.happened_at),
            kind="feedback",
            source=arrival.source,
            item_id=self._item(arrival),
            author=self._vault.subject(self._tenant, author) if author else None,
            body=self._vault.seal(self._tenant, subject, plain),
            found_at=arrival.found_at,
            unreadable=arrival.unreadable,
            waited=self._waits or None,
        )
        return write_record(record)

    def _header(self, event_time: datetime) -> dict[str, Any]:
        # The trace is a function of time and tenant, so that a resumed load writes the same bytes.
        seed = hashlib.sha256(f"{self._tenant} {self._ingested_at} {event_time}".encode()).hexdigest()
        return {
            "id": "",
            "tenant": self._tenant,
            "event_time": event_time,
            "ingested_at": self._ingested_at,
            "trace": f"00-{seed[:32]}-{seed[32:48]}-01",
            "schema_version": "1.0",
        }


def nobodys_subject(vault: LocalVault, tenant: str, item: str) -> str:
    """The data subject of an item whose author nobody knows."""
    return vault.subject(tenant, f"item {item}")
