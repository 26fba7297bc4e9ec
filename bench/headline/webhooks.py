"""Signed Intercom webhooks as the vendor sends them (API version 2.15 on: plain text), at the times that a plan says.

Requests are open loop: one that is late does not delay the next. Times are this machine's clock, which the simulated
Linear reads too.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from bench.headline.stories import Message

MOST_AT_ONCE = 400
"""Requests under way; beyond that the sender waits, and says so by ``late_s``."""


@dataclass(slots=True)
class Sent:
    """What became of the webhooks: when each was sent, and how long its answer took, seconds."""

    at: dict[int, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    late_s: float = 0.0


def conversation(said: Message, now: float) -> dict[str, Any]:
    """A new conversation, as Intercom tells it."""
    moment = int(now)
    return {
        "type": "conversation",
        "id": str(said.number),
        "created_at": moment,
        "updated_at": moment,
        "source": {
            "type": "conversation",
            "id": f"s{said.number}",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": said.text,
            "author": {"type": "user", "id": f"u{said.number}", "email": f"u{said.number}@example.com"},
            "redacted": False,
        },
        "contacts": {"contacts": [{"type": "contact", "id": f"u{said.number}", "external_id": said.account}]},
        "company": {
            "company_id": said.account,
            "plan": {"name": said.tier},
            "monthly_spend": 12_000 if said.tier == "enterprise" else 50,
        },
        "conversation_parts": {"total_count": 0, "conversation_parts": []},
    }


def payload(said: Message, item: Mapping[str, Any]) -> bytes:
    """The notification of a new conversation."""
    event: dict[str, Any] = {
        "type": "notification_event",
        "id": f"notif_{said.tenant}_{said.number}",
        "topic": "conversation.user.created",
        "app_id": said.tenant,
        "created_at": item["created_at"],
        "delivery_attempts": 1,
        "data": {"type": "notification_event_data", "item": item},
    }
    return orjson.dumps(event)


def signature(secret: bytes, body: bytes) -> str:
    """Intercom's, HMAC-SHA1 of the raw body."""
    return "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()


Told = Callable[[str, Mapping[str, Any]], None]
"""Hears of each tenant's conversation when its webhook is sent."""


def nobody(_tenant: str, _conversation: Mapping[str, Any]) -> None:
    """Nobody polls."""


async def send(address: str, secret: bytes, plan: Sequence[Message], told: Told = nobody) -> Sent:
    """Send all of a plan to ``address`` (with ``{tenant}`` in it)."""
    sent, gate = Sent(), asyncio.Semaphore(MOST_AT_ONCE)
    # Not httpx: the sender shares two cores with what is measured, and this one costs it a third.
    async with _client() as client, asyncio.TaskGroup() as tasks:
        began = time.monotonic()
        for said in plan:
            await asyncio.sleep(max(0.0, began + said.at_s - time.monotonic()))
            await gate.acquire()
            sent.late_s = max(sent.late_s, time.monotonic() - began - said.at_s)
            tasks.create_task(_one(client, address, secret, said, sent, told)).add_done_callback(
                lambda _task: gate.release()
            )
    return sent


def _client() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=MOST_AT_ONCE)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30.0))


async def _one(
    client: aiohttp.ClientSession, address: str, secret: bytes, said: Message, sent: Sent, told: Told
) -> None:
    item = conversation(said, time.time())
    told(said.tenant, item)
    body = payload(said, item)
    headers = {"content-type": "application/json", "x-hub-signature": signature(secret, body)}
    began, sent.at[said.number] = time.perf_counter(), time.time()
    async with client.post(address.format(tenant=said.tenant), data=body, headers=headers) as answer:
        await answer.read()
    sent.took_s.append(time.perf_counter() - began)
    if not answer.ok:
        sent.refused[said.number] = answer.status
