"""What a page of rows needs from elsewhere: answers of employees, bodies of notes, and what notes hang on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from connectors.vendors.errors import VendorRefused
from connectors.vendors.port import Json
from connectors.vendors.salesforce.accounts import Accounts
from connectors.vendors.salesforce.mapping import EMPLOYEES, Around
from connectors.vendors.salesforce.session import Session
from connectors.vendors.salesforce.soql import by_ids, is_id
from connectors.vendors.values import dig, iso_or_none, said

# Where answers of employees stand: the object, its text, its time, and the condition that it is an answer.
_ANSWERS: Final = {
    "emails": ("EmailMessage", "TextBody", "MessageDate", " AND Incoming = false ORDER BY MessageDate"),
    "comments": ("CaseComment", "CommentBody", "CreatedDate", " AND IsPublished = true ORDER BY CreatedDate"),
}


async def around_of(session: Session, stream: str, rows: Sequence[Json], accounts: Accounts) -> Around:
    """What the rows of one page need besides themselves."""
    turns = await _answers(session, stream, rows) if stream in _ANSWERS else {}
    notes = [row for row in rows if dig(row, "IsDeleted") is not True] if stream == "content_notes" else []
    bodies = {str(dig(row, "Id")): text for row in notes if (text := await _body(session, row))}
    linked = await _linked(session, [str(dig(row, "Id")) for row in notes])
    return Around(session.options, session.instance, accounts.facts, turns, bodies, linked)


async def _answers(session: Session, stream: str, rows: Sequence[Json]) -> dict[str, list[dict[str, Any]]]:
    name, text, at, condition = _ANSWERS[stream]
    cases = {dig(row, "ParentId") for row in rows if _may_be_customers(stream, row)}
    wanted = await session.present(name, ("ParentId", text, at, "CreatedBy.UserType"))
    found: dict[str, list[dict[str, Any]]] = {}
    for soql in by_ids(name, wanted, "ParentId", filter(is_id, cases), condition):
        async for answers in session.query(soql):
            for one in answers:
                words = said(dig(one, text))
                if words and (stream == "emails" or dig(one, "CreatedBy.UserType") in EMPLOYEES):
                    turn = {"role": "agent", "text": words, "at": iso_or_none(dig(one, at))}
                    found.setdefault(str(dig(one, "ParentId")), []).append(turn)
    return found


def _may_be_customers(stream: str, row: Json) -> bool:
    if stream == "emails":
        return dig(row, "Incoming") is True
    return dig(row, "CreatedBy.UserType") not in EMPLOYEES


async def _body(session: Session, row: Json) -> str | None:
    """The note's HTML: a query only says where it is. None where it cannot be read, so the preview must do."""
    there = dig(row, "Content")
    if not isinstance(there, str) or not there.startswith("/"):
        return None
    try:
        return decoded((await session.get(there, html=True)).body)
    except VendorRefused as exc:
        if exc.status in (403, 404):
            return None
        raise


def decoded(raw: bytes) -> str | None:
    """HTML from what the address of a note's content gives: HTML, or base64 of it."""
    if b"<" not in raw:
        with suppress(binascii.Error):
            raw = base64.b64decode(raw.strip(), validate=True)
    return raw.decode("utf-8", "replace").strip() or None


async def _linked(session: Session, notes: Sequence[str]) -> dict[str, str]:
    """The record that each note hangs on: the first by id, accounts before all others."""
    found: dict[str, str] = {}
    fields = ("ContentDocumentId", "LinkedEntityId")
    if not notes or await session.present("ContentDocumentLink", fields) != fields:
        return found
    for soql in by_ids("ContentDocumentLink", fields, "ContentDocumentId", notes):
        async for rows in session.query(soql):
            for row in rows:
                note, there = str(dig(row, "ContentDocumentId")), str(dig(row, "LinkedEntityId"))
                found[note] = min(found.get(note, there), there)
    return found
