"""Intercom in the suite: its search, conversations, list of deleted ones, and notifications, from a world."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

import orjson

from connectors.vendors.intercom import VENDOR
from tests.support.vendors.case import TOKEN, VendorCase, Webhooks
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import START, Item, Lies, World


def epoch(at: datetime) -> int:
    return int(at.timestamp())


def body_of(item: Item, *, in_html: bool) -> str:
    return f"<p>{escape(item.text)}</p>" if in_html else item.text


def conversation(item: Item, *, in_html: bool = True) -> dict[str, Any]:
    """Every third item is a reply in a conversation of ours; between them are agents, bots and things unheard of."""
    number = str(4000 + item.id)
    own = {"type": ("user", "lead", "contact")[item.id % 3], "id": f"person-{item.id % 7}"}
    part = {
        "type": "conversation_part",
        "id": f"{number}7",
        "part_type": "comment",
        "body": body_of(item, in_html=in_html),
        "created_at": epoch(item.said_at),
        "updated_at": epoch(item.changed_at),
        "author": own,
        "redacted": False,
    }
    answer = {
        **part,
        "id": f"{number}8",
        "body": "<p>We look at it.</p>",
        "author": {"type": "admin", "id": "9"},
    }
    strange = {
        **part,
        "id": f"{number}9",
        "part_type": "quantum_leap",
        "body": "beep",
        "author": {"type": "alien"},
    }
    silent = {
        **part,
        "id": f"{number}6",
        "part_type": "assignment",
        "body": None,
        "author": {"type": "team", "id": "2"},
    }
    ours = item.id % 3 == 0
    return {
        "type": "conversation",
        "id": number,
        "created_at": epoch(item.said_at),
        "updated_at": epoch(item.changed_at),
        "state": "open",
        "source": {
            "type": "conversation",
            "id": f"{number}1",
            "delivered_as": "admin_initiated" if ours else "customer_initiated",
            "subject": "",
            "body": "<p>How do you like it?</p>" if ours else body_of(item, in_html=in_html),
            "author": {"type": "admin", "id": "9"} if ours else own,
        },
        "contacts": {"contacts": [{"type": "contact", "id": own["id"], "external_id": "70"}]},
        "conversation_parts": {"conversation_parts": [silent, *([part] if ours else []), answer, strange]},
        "statistics": {"count_conversation_parts": 3},
    }


class Simulation:
    """What Intercom answers; ``>`` in its search is ``>=``, and its times are rounded to days."""

    def __init__(self, world: World, lies: Lies) -> None:
        self.world, self.lies = world, lies

    def __call__(self, asked: Asked) -> Said:
        if asked.token != TOKEN:
            return Said({"type": "error.list", "errors": [{"code": "unauthorized"}]}, 401)
        if asked.path == "/conversations/search":
            return Said(self._search(asked.json()))
        if asked.path == "/conversations/deleted":
            return Said(self._deleted(asked.query))
        item = self.world.items.get(int(asked.path.rsplit("/", 1)[1]) - 4000)
        return Said({}, 404) if item is None or item.deleted else Said(conversation(item))

    def _search(self, query: Mapping[str, Any]) -> dict[str, Any]:
        assert query["sort"]["order"] == "ascending"
        day = query["query"]["value"][0]["value"] // 86_400 * 86_400
        found = [one for one in self.world.changes if not one.deleted and epoch(one.changed_at) >= day]
        size = query["pagination"]["per_page"]
        offset = int(query["pagination"].get("starting_after", 0))
        rows = self.lies.order([conversation(one) for one in found[offset : offset + size]])
        after = self.lies.next(offset, size, len(found))
        listed = [{**row, "conversation_parts": None} for row in rows]
        pages = {"type": "pages", "next": None if after is None else {"starting_after": str(after)}}
        return {
            "type": "conversation.list",
            "conversations": listed,
            "pages": pages,
            "total_count": len(found),
        }

    def _deleted(self, query: Mapping[str, str]) -> dict[str, Any]:
        gone = [one for one in reversed(self.world.changes) if one.deleted]
        page, size = int(query["page"]), int(query["per_page"])
        rows = [{"id": str(4000 + one.id)} for one in gone[(page - 1) * size : page * size]]
        return {"conversations": rows, "pages": {"page": page, "total_pages": max(1, -(-len(gone) // size))}}


def simulate(world: World, lies: Lies) -> Answering:
    return Simulation(world, lies)


def signed(secret: bytes, body: bytes, _at: datetime) -> Mapping[str, str]:
    return {"X-Hub-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()}


def notification(item: Item, at: datetime) -> bytes:
    """As from version 2.15: plain text."""
    told = conversation(item, in_html=False)
    return orjson.dumps(
        {
            "type": "notification_event",
            "id": f"notif_{item.id}_{item.version}",
            "topic": "conversation.user.replied" if item.id % 3 == 0 else "conversation.user.created",
            "created_at": epoch(at),
            "delivery_attempts": 1,
            "data": {"type": "notification_event_data", "item": told},
        }
    )


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {
        "base_url": url,
        "per_page": 10,
        "start": START.astimezone(UTC).date().isoformat(),
    },
    webhooks=Webhooks(
        headers=signed,
        body=notification,
        vector={"X-Hub-Signature": "sha1=3cfe5f4886f2645cef58c34eaf523047eddfaf86"},
    ),
    wrong_options=(
        ({"region": "mars"}, "region"),
        ({"per_page": 1000}, "per_page"),
        ({"misspelt": 1}, "misspelt"),
    ),
)
