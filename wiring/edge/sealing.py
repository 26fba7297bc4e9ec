"""What came in at the edge as journal records: sealed, under ids that stay the same however often it comes.

A vendor's record ids hold for one account of the vendor's, so an item's id is made of connection and record: renaming
a connection would make every item of it a new one.

``Sealer.seal`` is for one thread, and makes the keys of a whole group of batches in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from connectors.kafka.accepting import MOST_KEPT_BYTES
from connectors.kafka.messages import LARGEST_LINE
from connectors.keys.vault import LocalVault
from connectors.vendors.port import (
    Connection,
    CustomerSeen,
    Gone,
    Hint,
    IssueSeen,
    Taken,
    Unreadable,
    Utterance,
)
from contracts.commands import Erase, ReportIssue, RetractItem
from contracts.feedback import Coordinates
from contracts.identity import item_id
from contracts.unfit import first_unfit
from wiring.drafts import can_be_right
from wiring.journal import Arrival, RecordMaker, nobodys_subject

AUTHOR = "edge"
"""Who gives the orders that a vendor's deletions become."""

_LONGEST_WHY = 500

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request or page brought, without hints; ``now`` is when. ``waits``: it goes into the bulk lane."""

    connection: Connection
    taken: Sequence[Taken]
    now: datetime
    waits: bool = False


class Sealer:
    """Makes journal records of batches."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    def seal(self, batches: Sequence[Batch]) -> list[list[bytes] | Exception]:
        """The records of each batch, in order; keys are durable and destroyed ones gone when this returns."""
        subjects = [self._each(self._subjects, batch) for batch in batches]
        self._vault.ensure_all(one for found in subjects if isinstance(found, list) for one in found)
        with self._vault.at_once():
            return [
                found if isinstance(found, Exception) else self._each(self._sealed, batch)
                for batch, found in zip(batches, subjects, strict=True)
            ]

    def digest(self, tenant: str, content: bytes) -> str:
        """A hash of content under the tenant's key."""
        return self._vault.digest(tenant, content)

    @staticmethod
    def _each(make: Callable[[Batch], list[Made]], batch: Batch) -> list[Made] | Exception:
        try:
            return make(batch)
        except Exception as exc:  # noqa: BLE001 - a defect in one vendor's mapping belongs to its own batch
            return exc

    def _subjects(self, batch: Batch) -> list[tuple[str, str]]:
        maker = self._maker(batch)
        return [(batch.connection.tenant, maker.subject(arrival)) for arrival in _arrivals(batch)]

    def _sealed(self, batch: Batch) -> list[bytes]:
        return [line for taken in batch.taken for line in self._lines(batch, taken)]

    def _lines(self, batch: Batch, taken: Taken) -> Iterator[bytes]:
        maker = self._maker(batch)
        match taken:
            case Utterance() | Unreadable():
                yield self._feedback(maker, _arrival(batch, taken))
            case Gone():
                yield from self._gone(batch, maker, taken)
            case CustomerSeen():
                yield self._customer(batch, maker, taken)
            case IssueSeen():
                yield self._issue(batch, maker, taken)
            case Hint():
                raise AssertionError("a hint is no record")

    def _feedback(self, maker: RecordMaker, arrival: Arrival) -> bytes:
        """One record that the journal can take: without its context, or as unreadable, where it is too large."""
        (line,) = maker.feedback([arrival])
        if len(line) > LARGEST_LINE and arrival.body and arrival.body.get("context"):
            arrival = replace(arrival, body={**arrival.body, "context": []})
            (line,) = maker.feedback([arrival])
        if len(line) > LARGEST_LINE:
            plain = arrival.raw or orjson.dumps(arrival.body)
            why = f"{len(plain)} bytes are more than a record may have; the first {MOST_KEPT_BYTES} are kept"
            kept = plain[:MOST_KEPT_BYTES]
            put_aside = replace(arrival, body=None, raw=kept, unreadable=why, author=arrival.said_by)
            (line,) = maker.feedback([put_aside])
        return line

    def _gone(self, batch: Batch, maker: RecordMaker, gone: Gone) -> Iterator[bytes]:
        connection = batch.connection
        item = item_id(connection.tenant, connection.vendor, record_name(connection, gone.record_id))
        why = gone.why[:_LONGEST_WHY] or "deleted at its source"
        retract = RetractItem(item_id=item, source=connection.vendor, why=why, at=batch.now)
        yield maker.command(AUTHOR, retract, batch.now)
        if gone.erase:
            subject = (
                self._vault.subject(connection.tenant, gone.author)
                if gone.author
                else nobodys_subject(self._vault, connection.tenant, item)
            )
            self._vault.destroy(connection.tenant, subject)
            yield maker.command(AUTHOR, Erase(subject=subject), batch.now)

    def _customer(self, batch: Batch, maker: RecordMaker, seen: CustomerSeen) -> bytes:
        try:
            return maker.customer(seen.account, seen.tier, seen.mrr, batch.now)
        except ValidationError as exc:
            return self._put_aside(batch, maker, ("customer", seen.account), seen, exc)

    def _issue(self, batch: Batch, maker: RecordMaker, seen: IssueSeen) -> bytes:
        # A report of the far future would outdate every later one.
        seen = seen if can_be_right(seen.at, batch.now) else replace(seen, at=batch.now)
        try:
            return maker.command(seen.tracker, ReportIssue.model_validate(asdict(seen)), seen.at)
        except ValidationError as exc:
            return self._put_aside(batch, maker, ("issue", seen.issue_id), seen, exc)

    def _put_aside(
        self, batch: Batch, maker: RecordMaker, what: tuple[str, str], seen: Taken, exc: ValidationError
    ) -> bytes:
        """Something that does not fit its record, as what nobody can read; ``what`` it is, and which."""
        why = f"{what[0]} {first_unfit(exc).told('record')}"
        return self._feedback(maker, _arrival(batch, Unreadable(" ".join(what), repr(seen).encode(), why)))

    def _maker(self, batch: Batch) -> RecordMaker:
        return RecordMaker(batch.connection.tenant, self._vault, batch.now, waits=batch.waits)


def record_name(connection: Connection, record_id: str) -> str:
    """What an item's id is made of, beside tenant and source."""
    return f"{connection.name}/{_well_formed(record_id)}"


def _arrivals(batch: Batch) -> Iterator[Arrival]:
    for taken in batch.taken:
        if isinstance(taken, Utterance | Unreadable):
            yield _arrival(batch, taken)


def _arrival(batch: Batch, taken: Utterance | Unreadable) -> Arrival:
    connection = batch.connection
    name = record_name(connection, taken.record_id)
    if isinstance(taken, Unreadable):
        return Arrival(
            at=batch.now,
            happened_at=batch.now,
            source=connection.vendor,
            source_record_id=name,
            body=None,
            found_at=Coordinates(origin=connection.name),
            raw=taken.raw[:MOST_KEPT_BYTES],
            unreadable=taken.why or "nothing could be made of it",
        )
    body = dict(taken.body)
    if wrong := _wrong(taken, body):
        put_aside = Unreadable(taken.record_id, repr(body).encode("utf-8", "replace"), wrong)
        author = body.get("author")
        return replace(_arrival(batch, put_aside), author=_well_formed(str(author)) if author else None)
    return Arrival(
        at=batch.now,
        happened_at=taken.happened_at if can_be_right(taken.happened_at, batch.now) else batch.now,
        source=connection.vendor,
        source_record_id=name,
        body=body,
        found_at=Coordinates(origin=_well_formed(taken.origin) or connection.name),
    )


def _wrong(taken: Utterance, body: dict[str, Any]) -> str | None:
    """Why an utterance cannot be written down."""
    if taken.happened_at.tzinfo is None:
        return "its time has no zone"
    try:
        orjson.dumps(body)
    except orjson.JSONEncodeError as exc:  # half a character, or a number beyond 64 bits
        return f"its body cannot be written as JSON: {exc}"
    return None


def _well_formed(text: str) -> str:
    """Without halves of characters, which no encoding can say."""
    return text.encode("utf-8", "replace").decode()
