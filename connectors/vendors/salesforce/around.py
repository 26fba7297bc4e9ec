"""What a page of rows needs from elsewhere: answers of employees, and what notes hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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


async def around_of(
    session: Session, stream: str, rows: Sequence[Json], accounts: Accounts, bodies: Mapping[str, str]
) -> Around:
    """What the rows of one page need besides themselves; ``bodies`` of notes are read before (``notes``)."""
    turns = await _answers(session, stream, rows) if stream in _ANSWERS else {}
    notes = [row for row in rows if dig(row, "IsDeleted") is not True] if stream == "content_notes" else []
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
