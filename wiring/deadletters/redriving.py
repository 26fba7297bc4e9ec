"""Make the order that tries a dead letter again: with what came, or with a body that a person corrected.

Elsewhere: whether the order still counts when its turn comes (``operators.intake.letters``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import ValidationError

from connectors.keys.vault import LocalVault
from contracts.commands import Redrive
from contracts.errors import RejectItem, WrongUsage
from contracts.feedback import FeedbackBody, FeedbackReceived, Sealed
from contracts.identity import item_id
from contracts.registry import NOBODY, read_record
from contracts.unfit import first_unfit
from operators.ports import Vault
from wiring.appending import Given
from wiring.deadletters.letters import Letter

SOURCE = "redrive"
"""The source of a corrected delivery of which nothing else is known."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A corrected body as JSON; ``tenant`` says whose it is where the record that came does not."""

    body: bytes
    tenant: str | None = None


def redrive_of(letter: Letter, vault: LocalVault, now: datetime, fixed: Fixed | None = None) -> Given:
    """The order for one letter. Raises ``WrongUsage`` where nothing can be delivered as it is, with what helps."""
    item = letter.delivery or _readable(letter, vault)
    if fixed is not None:
        item = _corrected(letter, item, vault, fixed, now)
    if item is None:
        raise WrongUsage(
            f"{letter.id}: {letter.record.message}; give a corrected body with --fixed FILE, or drop it"
        )
    first = letter.record.first_failed_at or letter.since or item.ingested_at
    order = Redrive(letter=letter.id, attempt=letter.record.attempt + 1, first_failed_at=first, item=item)
    return Given(item.tenant, order)


def _readable(letter: Letter, vault: Vault) -> FeedbackReceived | None:
    """What an earlier version could not read as a delivery, and this one can."""
    opened = (
        vault.open(letter.record.tenant, letter.record.original) if letter.record.tenant == NOBODY else None
    )
    if opened is None:
        return None
    try:
        record = read_record("journal", opened)
    except RejectItem:
        return None
    return record if isinstance(record, FeedbackReceived) else None


def _corrected(
    letter: Letter, item: FeedbackReceived | None, vault: LocalVault, fixed: Fixed, now: datetime
) -> FeedbackReceived:
    """The delivery with another body, sealed for the author that this body names."""
    fields = _fields(fixed.body)
    tenant = item.tenant if item else fixed.tenant or _tenant_of(letter)
    name = item.item_id if item else letter.record.item_id or item_id(tenant, SOURCE, letter.id)
    author, body = _sealed(vault, tenant, name, fields)
    known = {"body": body, "author": author, "unreadable": None}
    if item is not None:
        return item.model_copy(update=known)
    return FeedbackReceived.model_validate(
        {"id": "", "tenant": tenant, "event_time": now, "ingested_at": letter.since or now}
        | {"source": SOURCE, "item_id": name, "found_at": letter.record.found_at}
        | known
    )


def _fields(body: bytes) -> dict[str, object]:
    try:
        FeedbackBody.model_validate_json(body)
    except ValidationError as exc:
        raise WrongUsage(f"--fixed: not a feedback body: {first_unfit(exc).told('it')}") from None
    fields: dict[str, object] = orjson.loads(body)
    return fields


def _tenant_of(letter: Letter) -> str:
    if letter.record.tenant == NOBODY:
        raise WrongUsage(f"{letter.id}: the record does not say whose it is; name its owner with --tenant")
    return letter.record.tenant


def _sealed(
    vault: LocalVault, tenant: str, item: str, fields: dict[str, object]
) -> tuple[str | None, Sealed]:
    """The author's hash and the body under their key; without an author the item is a data subject of its own."""
    author = fields.get("author")
    hashed = vault.subject(tenant, str(author)) if author else None
    subject = hashed or vault.subject(tenant, f"item {item}")
    vault.ensure(tenant, [subject])
    return hashed, vault.seal(tenant, subject, orjson.dumps(fields))
