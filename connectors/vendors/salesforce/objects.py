"""What is read of each object: its name, the fields that are wanted, and where its account is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.vendors.salesforce.accounts import account_fields
from connectors.vendors.salesforce.options import SalesforceOptions

STAMP: Final = "SystemModstamp"
ALWAYS: Final = ("Id", "IsDeleted", "CreatedDate", STAMP)


@dataclass(frozen=True, slots=True)
class Source:
    """One object. ``about``: fields with the id of the record whose account it is of, the best first."""

    name: str
    fields: tuple[str, ...]
    about: tuple[str, ...] = ()


SOURCES: Final[Mapping[str, Source]] = {
    "cases": Source(
        "Case",
        (
            "CaseNumber",
            "Subject",
            "Description",
            "Status",
            "Origin",
            "SuppliedEmail",
            "ContactId",
            "Contact.Email",
            "CreatedBy.UserType",
            "AccountId",
            "MasterRecordId",
        ),
        ("AccountId",),
    ),
    "comments": Source(
        "CaseComment",
        (
            "ParentId",
            "CommentBody",
            "IsPublished",
            "CreatedById",
            "CreatedBy.UserType",
            "CreatedBy.Email",
            "Parent.Status",
        ),
        ("ParentId",),
    ),
    "emails": Source(
        "EmailMessage",
        (
            "ParentId",
            "Subject",
            "TextBody",
            "HtmlBody",
            "Incoming",
            "FromAddress",
            "MessageDate",
            "Parent.Status",
            "Parent.Description",
        ),
        ("ParentId",),
    ),
    "tasks": Source(
        "Task",
        (
            "Subject",
            "Description",
            "WhoId",
            "WhatId",
            "AccountId",
            "Type",
            "TaskSubtype",
            "Status",
        ),
        ("AccountId", "WhatId", "WhoId"),
    ),
    "notes": Source("Note", ("Title", "Body", "ParentId", "IsPrivate"), ("ParentId",)),
    "content_notes": Source("ContentNote", ("Title", "TextPreview", "Content"), ("LinkedEntityId",)),
}


def source_of(stream: str, options: SalesforceOptions) -> Source:
    """What a stream reads, with the fields that the connection names."""
    if stream == "accounts":
        return Source("Account", account_fields(options))
    if stream == "transcripts":
        assert options.transcripts is not None
        told = options.transcripts
        named = (told.text, told.speaker, told.call, told.at, told.account, told.author)
        about = tuple(name for name in (told.account, told.call) if name)
        return Source(told.object, tuple(name for name in named if name), about)
    source = SOURCES[stream]
    extra = tuple(options.fields.values()) if stream == "cases" else ()
    return Source(source.name, (*source.fields, *extra), source.about)
