"""Salesforce in the suite: items are spread over its objects, deletions are rows that say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.vendors.salesforce import VENDOR
from tests.support.vendors.case import VendorCase
from tests.support.vendors.clock import NOW
from tests.support.vendors.salesforce import OPTIONS, SimulatedSalesforce, row, sf_id
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import Item, Lies, World

Fields = Callable[[Item], dict[str, Any]]
SHAPES: tuple[tuple[str, Fields], ...] = (
    ("Case", lambda item: {"Subject": item.text, "SuppliedEmail": "ada@example.org"}),
    ("CaseComment", lambda item: {"CommentBody": item.text, "CreatedBy": {"UserType": "CspLitePortal"}}),
    (
        "EmailMessage",
        lambda item: {"TextBody": item.text, "Incoming": True, "ParentId": sf_id("Case", 9_999)},
    ),
    ("Task", lambda item: {"Subject": "Call", "Description": item.text}),
    ("Note", lambda item: {"Title": "Visit", "Body": item.text, "IsPrivate": False}),
    ("ContentNote", lambda item: {"Title": "QBR", "TextPreview": item.text}),
    ("ConversationEntry", lambda item: {"Message": item.text, "ActorType": "EndUser"}),
)


def rows_of(world: World) -> dict[str, list[dict[str, Any]]]:
    """Each item as a row of one object, stamped when it was changed; ten at a time share a stamp."""
    rows: dict[str, list[dict[str, Any]]] = {"Account": [row("Account", 1, NOW, Tier__c="pro")]}
    for item in world.items.values():
        name, fields = SHAPES[item.id % len(SHAPES)]
        stamp = item.changed_at.replace(second=item.changed_at.second // 10 * 10).isoformat()
        changed = {"SystemModstamp": stamp, "IsDeleted": item.deleted}
        rows.setdefault(name, []).append(row(name, item.id, item.said_at, **fields(item) | changed))
    return rows


def simulate(world: World, lies: Lies) -> Answering:
    force = SimulatedSalesforce(batch=7, order=lies.order, next=lies.next)

    def answer(asked: Asked) -> Said:
        force.rows, force.url = rows_of(world), f"http://{asked.headers['host']}"
        return force(asked)

    return answer


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {"url": url, "page_size": 20, "transcripts": {"at": "EntryTime"}, **OPTIONS},
    credentials={"client_secret": "s3cret"},
    wrong_options=(
        ({"sign_in": "jwt_bearer"}, "username"),
        ({"tier": "Tier__c FROM User"}, "tier"),
        ({"misspelt": 1}, "misspelt"),
    ),
)
