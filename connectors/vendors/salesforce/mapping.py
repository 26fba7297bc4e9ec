"""Rows of Salesforce as feedback: what customers wrote, and what employees wrote down of it (``second_hand``).

What an employee answered is no feedback; it is kept as context of what the customer said next. A private note is
nobody's business here, and one that became private is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.vendors.port import Gone, Json, Taken, Unreadable, Utterance
from connectors.vendors.salesforce.options import SalesforceOptions
from connectors.vendors.salesforce.transcripts import customer_words
from connectors.vendors.turns import readable
from connectors.vendors.values import dig, iso_or_none, moment, said
from connectors.vendors.values import without_none as known
from connectors.vendors.wire import write_json

# Users that are not employees' own: everyone else signs in with a licence for customers, partners or guests.
EMPLOYEES: Final = frozenset({"Standard", "AutomatedProcess", "CloudIntegrationUser", "CsnOnly"})
# Tasks that the mail program files by itself: copies of mails, the employee's words.
FILED_MAILS: Final = frozenset({"Email", "ListEmail"})


@dataclass(frozen=True)
class Around:
    """What belongs to a page besides its rows: facts of accounts, earlier turns by case, bodies of notes by id."""

    options: SalesforceOptions
    instance: str
    account: Callable[[Json], dict[str, Any]] = field(default=lambda _record: {})
    turns: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    linked: Mapping[str, str] = field(default_factory=dict)


def taken_of(stream: str, row: Json, about: Sequence[str], around: Around) -> Taken | None:
    """What a row is to us; None for what is no feedback, such as an employee's answer."""
    record = str(dig(row, "Id"))
    if dig(row, "IsDeleted") is True and said(dig(row, "MasterRecordId")):
        return Gone(record, "merged into another in Salesforce", parts_stay=True)
    if dig(row, "IsDeleted") is True:
        return Gone(record, "deleted in Salesforce")
    if stream == "notes" and dig(row, "IsPrivate") is True:
        return Gone(record, "a private note")
    said_of = _SAID[stream](row, around)
    if said_of is None:
        return None
    happened = (
        moment(said_of.pop("at", None))
        or moment(dig(row, "CreatedDate"))
        or moment(dig(row, "SystemModstamp"))
    )
    if happened is None:
        return Unreadable(record, write_json(row), "a record without a date")
    shared = {
        "created_at": happened.isoformat(),
        "source_updated_at": iso_or_none(dig(row, "SystemModstamp")),
        "source_url": f"{around.instance}/{record}",
    }
    body = known(_account(row, about, around) | shared | said_of)
    if not body.get("text"):
        return Gone(record, "emptied in Salesforce") if _is_edited(row) else None
    parent = said(dig(row, "ParentId")) if stream in ("comments", "emails") else None
    return Utterance(record, body, happened, f"salesforce {record}", parent or "")


def _is_edited(row: Json) -> bool:
    """Whether it changed since it was made, so that there may have been words in it."""
    return moment(dig(row, "SystemModstamp")) != moment(dig(row, "CreatedDate"))


def _account(row: Json, about: Sequence[str], around: Around) -> dict[str, Any]:
    record = str(dig(row, "Id"))
    for path in about:
        facts = around.account(around.linked.get(record) if path == "LinkedEntityId" else dig(row, path))
        if facts:
            return facts
    return {}


def _both(row: Json, *paths: str) -> str | None:
    parts = [text.strip() for path in paths if (text := said(dig(row, path)))]
    return "\n\n".join(parts) or None


def _customer() -> dict[str, Any]:
    return {"author_role": "customer"}


def _employee() -> dict[str, Any]:
    return {"author_role": "agent", "second_hand": True}


def _case(row: Json, around: Around) -> dict[str, Any]:
    """A case is the customer's words where it came by mail or web, or from a customer's own user."""
    user = said(dig(row, "CreatedBy.UserType"))
    own = (
        said(dig(row, "SuppliedEmail")) is not None
        or said(dig(row, "Origin")) in around.options.customer_origins
        or (user is not None and user not in EMPLOYEES)
    )
    facts: dict[str, Any] = {ours: said(dig(row, theirs)) for ours, theirs in around.options.fields.items()}
    return {
        **(_customer() if own else _employee()),
        **facts,
        "text": _both(row, "Subject", "Description"),
        "author": _first(row, "Contact.Email", "SuppliedEmail", "ContactId"),
        "resolution": said(dig(row, "Status")),
    }


def _first(row: Json, *paths: str) -> str | None:
    return next((text for path in paths if (text := said(dig(row, path)))), None)


def _comment(row: Json, around: Around) -> dict[str, Any] | None:
    """An employee's comment is an answer where it is published, else a note of what the customer said."""
    user = said(dig(row, "CreatedBy.UserType"))
    theirs = user is not None and user not in EMPLOYEES
    if not theirs and dig(row, "IsPublished") is True:
        return None
    return {
        **(_customer() if theirs else _employee()),
        "text": said(dig(row, "CommentBody")),
        "author": _first(row, "CreatedBy.Email", "CreatedById") if theirs else None,
        "resolution": said(dig(row, "Parent.Status")),
        "context": _before(row, around, "CreatedDate") if theirs else None,
    }


def _email(row: Json, around: Around) -> dict[str, Any] | None:
    """An incoming mail; the one that opened a case says again what the case says, and is left out."""
    text = said(dig(row, "TextBody")) or said(dig(row, "HtmlBody"))
    opening = said(dig(row, "Parent.Description"))
    if dig(row, "Incoming") is not True:
        return None
    # A mail in HTML alone opens a case with its plain text.
    if text is not None and opening is not None and _bare(opening) in (_bare(text), _bare(readable(text))):
        return None
    return {
        **_customer(),
        "text": text,
        "author": said(dig(row, "FromAddress")),
        "resolution": said(dig(row, "Parent.Status")),
        "context": _before(row, around, "MessageDate"),
        "at": dig(row, "MessageDate"),
    }


def _bare(text: str) -> str:
    return " ".join(text.split())


def _before(row: Json, around: Around, path: str) -> list[Mapping[str, Any]] | None:
    """What employees answered in the same case until then, the last five."""
    at = moment(dig(row, path)) or moment(dig(row, "CreatedDate"))
    turns = around.turns.get(str(dig(row, "ParentId")), ())
    earlier = [turn for turn in turns if at and turn.get("at") and (moment(turn["at"]) or at) < at]
    return earlier[-5:] or None


def _task(row: Json, _around: Around) -> dict[str, Any] | None:
    if dig(row, "TaskSubtype") in FILED_MAILS or said(dig(row, "Description")) is None:
        return None
    text = _both(row, "Subject", "Description")
    return {
        **_employee(),
        "text": text,
        "author": said(dig(row, "WhoId")),
        "resolution": said(dig(row, "Status")),
    }


def _note(row: Json, _around: Around) -> dict[str, Any] | None:
    return {**_employee(), "text": _both(row, "Title", "Body")} if said(dig(row, "Body")) else None


def _content_note(row: Json, around: Around) -> dict[str, Any] | None:
    body = around.bodies.get(str(dig(row, "Id"))) or said(dig(row, "TextPreview"))
    title = said(dig(row, "Title"))
    return {**_employee(), "text": "\n\n".join(filter(None, (title, body)))} if body else None


def _transcript(row: Json, around: Around) -> dict[str, Any] | None:
    """A turn of the customer, or the customer's turns of a whole call with the others beside them."""
    told = around.options.transcripts
    assert told is not None
    text, at = said(dig(row, told.text)), dig(row, told.at)
    if text is None or (told.speaker and dig(row, told.speaker) not in told.customers):
        return None
    author = said(dig(row, told.author)) if told.author else None
    body = {**_customer(), "author": author, "at": at, "section": "call"}
    if told.speaker:
        return body | {"text": text}
    words, others = customer_words(text, told.customers)
    return body | {"text": words, "context": others or None} if words else None


_SAID: Final[Mapping[str, Callable[[Json, Around], dict[str, Any] | None]]] = {
    "cases": _case,
    "comments": _comment,
    "emails": _email,
    "tasks": _task,
    "notes": _note,
    "content_notes": _content_note,
    "transcripts": _transcript,
}
