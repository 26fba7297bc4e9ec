"""Zendesk in the suite: its export, comments, ratings and events, from a world."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.vendors.zendesk import VENDOR
from tests.support.vendors.case import TOKEN, VendorCase, Webhooks
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import START, Item, Lies, World

USERS = [
    {"id": 1, "role": "end-user", "locale": "de"},
    {"id": 2, "role": "agent"},
    {"id": 3, "role": "overlord"},
]


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def is_reply(item: Item) -> bool:
    """Every third item is a customer's answer in a ticket that an agent opened."""
    return item.id % 3 == 0


def ticket(item: Item) -> dict[str, Any]:
    if item.deleted:
        return {
            "id": 5000 + item.id,
            "status": "deleted",
            "generated_timestamp": int(item.changed_at.timestamp()),
        }
    return {
        "id": 5000 + item.id,
        "subject": "How do you like it?" if is_reply(item) else item.text[:30],
        "description": "Tell us." if is_reply(item) else item.text,
        "status": "open",
        "priority": None,
        "via": {"channel": "web"},
        "requester_id": 1,
        "submitter_id": 1,
        "organization_id": 77,
        "custom_fields": [{"id": 31, "value": ["4.2", "4.3"]}, {"id": 32, "value": True}],
        "satisfaction_rating": {"score": "offered"},
        "created_at": stamp(item.said_at),
        "updated_at": stamp(item.changed_at),
        "generated_timestamp": int(item.changed_at.timestamp()),
    }


def comments(item: Item) -> list[dict[str, Any]]:
    """What the customer said, with NBSPs; before and after it agents, rules, and roles unheard of."""
    base = 90_000 + item.id * 10
    own = {
        "id": base + 2,
        "type": "Comment",
        "author_id": 1,
        "body": item.text,
        "plain_body": item.text.replace("&", "&amp;").replace(" ", "&nbsp;", 1),
        "html_body": f"<div>{item.text.replace('&', '&amp;').replace('<', '&lt;')}</div>",
        "public": True,
        "via": {"channel": "web"},
        "created_at": stamp(item.said_at),
    }
    opening = {**own, "id": base + 1, "author_id": 2, "plain_body": "Tell us.", "body": "Tell us."}
    internal = {**opening, "id": base + 3, "public": False, "plain_body": "A known bug?"}
    rule = {
        **opening,
        "id": base + 4,
        "author_id": -1,
        "via": {"channel": "rule"},
        "plain_body": "Escalated.",
    }
    strange = {**opening, "id": base + 5, "author_id": 3, "plain_body": "I rule."}
    silent = {**opening, "id": base + 6, "plain_body": "", "body": "", "html_body": ""}
    return [*([opening] if is_reply(item) else []), own, internal, rule, strange, silent]


class Simulation:
    """What Zendesk answers. The export's cursor is a place in the order of changes."""

    def __init__(self, world: World, lies: Lies) -> None:
        self.world, self.lies = world, lies

    def __call__(self, asked: Asked) -> Said:
        login = f"bot@acme.test/token:{TOKEN}".encode()
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(login).decode():
            return Said({"error": "Couldn't authenticate you"}, 401)
        if asked.path == "/api/v2/incremental/tickets/cursor.json":
            return Said(self._export(asked.query))
        if asked.path == "/api/v2/satisfaction_ratings.json":
            return Said({"satisfaction_ratings": [], "meta": {"has_more": False}})
        item = self.world.items.get(int(asked.path.split("/")[4].removesuffix(".json")) - 5000)
        if item is None or item.deleted:
            return Said({"error": "RecordNotFound"}, 404)
        if not asked.path.endswith("comments.json"):
            return Said({"ticket": ticket(item)})
        return self._comments(item, asked.query)

    def _export(self, query: Mapping[str, str]) -> dict[str, Any]:
        assert ("cursor" in query) != ("start_time" in query)
        changes, size = self.world.changes, int(query["per_page"])
        offset = self.world.offset_after(query.get("cursor", ""))
        rows = self.lies.order([ticket(one) for one in changes[offset : offset + size]])
        after = self.lies.next(offset, size, len(changes))
        token = self.world.token_at(len(changes) if after is None else after) or "0.0"
        return {"tickets": rows, "after_cursor": token, "end_of_stream": after is None}

    @staticmethod
    def _comments(item: Item, query: Mapping[str, str]) -> Said:
        """Two pages."""
        rows, second = comments(item), query.get("page[after]") == "x"
        meta = {"has_more": not second, "after_cursor": "x"}
        return Said({"comments": rows[2:] if second else rows[:2], "users": USERS, "meta": meta})


def simulate(world: World, lies: Lies) -> Answering:
    return Simulation(world, lies)


def signed(secret: bytes, body: bytes, at: datetime) -> Mapping[str, str]:
    digest = hmac.new(secret, stamp(at).encode() + body, hashlib.sha256).digest()
    return {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp(at),
    }


def event(item: Item, at: datetime) -> bytes:
    """A comment that was added: numbers are strings, words upper case, times have nanoseconds."""
    told = ticket(item)
    detail = {
        **{name: told[name] for name in ("subject", "description", "created_at", "updated_at")},
        "id": str(told["id"]),
        "status": "OPEN",
        "requester_id": "1",
        "organization_id": "77",
    }
    comment = {
        "id": str(90_000 + item.id * 10 + 2),
        "body": item.text,
        "is_public": True,
        "author": {"id": "1", "is_staff": False, "name": "Ada"},
    }
    return orjson.dumps(
        {
            "account_id": 22129848,
            "id": f"d4f5c389-{item.id}-{item.version}",
            "type": "zen:event-type:ticket.comment_added",
            "time": at.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:ticket:{told['id']}",
            "detail": detail,
            "event": {"comment": comment, "meta": {"sequence": {"id": "CE4A", "position": 1}}},
        }
    )


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {
        "base_url": url,
        "email": "bot@acme.test",
        "per_page": 10,
        "start": START.astimezone(UTC).date().isoformat(),
    },
    webhooks=Webhooks(
        headers=signed,
        body=event,
        vector={
            "X-Zendesk-Webhook-Signature": "Mvq30C4B07yyLfyvAl673Si/HxhafRNqAxlilbt7sVE=",
            "X-Zendesk-Webhook-Signature-Timestamp": "2026-01-02T03:04:05Z",
        },
        vector_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        stamped=True,
    ),
    wrong_options=(
        ({"base_url": "", "subdomain": ""}, "subdomain"),
        ({"csat": "perhaps"}, "csat"),
        ({"per_page": 5000}, "per_page"),
    ),
)
