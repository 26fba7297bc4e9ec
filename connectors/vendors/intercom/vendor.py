"""Intercom's connector: webhooks, the search for what changed, the list of what was deleted.

Cursor: ``updated_at`` in seconds, and which versions of conversations were read since a day before it. A day is read
again by each poll (the search may know whole days only), but only what changed is fetched.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog

from connectors.vendors.envelopes import read_or_put_aside
from connectors.vendors.http import VendorHttp
from connectors.vendors.intercom.mapping import conversation
from connectors.vendors.intercom.options import headers_of, told_by
from connectors.vendors.intercom.search import changed, deleted, fetched
from connectors.vendors.port import Connection, Cursor, Gone, Hint, Page, Request, Taken
from connectors.vendors.signing import believe, delivery_id, needed
from connectors.vendors.values import dig, said
from connectors.vendors.wire import read_json

log = structlog.get_logger()

CONVERSATIONS, DELETED = "conversations", "deleted"


class Intercom:
    """``port.Vendor`` for Intercom."""

    name = "intercom"
    streams = (CONVERSATIONS, DELETED)

    def check(self, connection: Connection) -> None:
        """Raises ``WrongUsage``."""
        headers_of(connection, told_by(connection))

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:  # noqa: ARG002 - no time is stamped
        """HMAC-SHA1 over the raw body. Intercom stamps no time, so what is sent again is known by its id alone."""
        told = needed(request, "x-hub-signature")
        believe(connection, told, lambda key: "sha1=" + hmac.new(key, request.body, hashlib.sha1).hexdigest())
        return delivery_id(request.body, "id")

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What a notification says: customers' words at once, everything else as a hint."""
        told = read_json(request.body)
        topic, item = said(dig(told, "topic")), dig(told, "data.item")
        if topic is None:
            raise ValueError("no notification of Intercom: it has no topic")
        number = said(dig(item, "id"))
        if not topic.startswith("conversation."):
            if topic != "ping":
                log.info("intercom_topic_left_out", topic=topic[:80])
            return ()
        if number is None:
            raise ValueError("a notification of a conversation names it")
        if topic == "conversation.deleted":
            return [Gone(number, "deleted at Intercom")]
        if topic in ("conversation.user.created", "conversation.user.replied"):
            # A reply repeats the opening as it was, without a rating that came since.
            return conversation(item, told_by(connection), opening=topic.endswith("created"))
        return [Hint("conversation", number)]

    async def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        """See ``search``."""
        pages = changed if stream == CONVERSATIONS else deleted
        async for page in pages(connection, http, since, now):
            yield page

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        """The conversation as it is now; nothing where Intercom knows it no more (its list of deleted ones tells)."""
        options = told_by(connection)
        told = await fetched(connection, http, options, hint.record_id)
        if told is None:
            return ()
        return read_or_put_aside(hint.record_id, told, lambda one: conversation(one, options))
