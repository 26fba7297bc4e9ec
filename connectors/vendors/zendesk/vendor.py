"""Zendesk's connector: signed events, the incremental export of tickets, the list of ratings."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog

from connectors.vendors.http import VendorHttp
from connectors.vendors.port import Connection, Cursor, Hint, Page, Request, SignatureRefused, Taken
from connectors.vendors.signing import believe, delivery_id, needed, within
from connectors.vendors.values import dig, moment, said
from connectors.vendors.wire import read_json
from connectors.vendors.zendesk import mapping
from connectors.vendors.zendesk.export import Desk, ratings, tickets
from connectors.vendors.zendesk.options import headers_of, told_by

log = structlog.get_logger()

TICKETS, SATISFACTION = "tickets", "satisfaction"

EVENT = "zen:event-type:ticket."
GONE = ("soft_deleted", "permanently_deleted", "marked_as_spam")


class Zendesk:
    """``port.Vendor`` for Zendesk Support."""

    name = "zendesk"
    streams = (TICKETS, SATISFACTION)

    def check(self, connection: Connection) -> None:
        """Raises ``WrongUsage``."""
        headers_of(connection, told_by(connection))

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        """HMAC-SHA256 in base64 over stamp and raw body, with nothing between; the stamp within the window."""
        told = needed(request, "x-zendesk-webhook-signature")
        stamp = needed(request, "x-zendesk-webhook-signature-timestamp")
        signed = stamp.encode("utf-8", "surrogateescape") + request.body
        believe(
            connection,
            told,
            lambda key: base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode(),
        )
        at, window_s = moment(stamp), told_by(connection).replay_window_s
        if at is None:
            raise SignatureRefused("malformed")
        if window_s:
            within(at, now, window_s)
        return delivery_id(request.body, "id")

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What an event says: a customer's comment at once, what else happened to a ticket as a hint."""
        told = read_json(request.body)
        kind = said(dig(told, "type"))
        if kind is None:
            raise ValueError("no event of Zendesk: it has no type")
        if not kind.startswith(EVENT):
            log.info("zendesk_event_left_out", kind=kind[:80])
            return ()
        number, what = mapping.number_of(dig(told, "detail")), kind.removeprefix(EVENT)
        if what in GONE:
            return [mapping.gone(number)]
        if what == "comment_added":
            return mapping.event_comment(told, told_by(connection))
        return [Hint("ticket", number)]

    async def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        """See ``export``."""
        pages = tickets if stream == TICKETS else ratings
        async for page in pages(connection, http, since, now):
            yield page

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        """The ticket as it is now; nothing where Zendesk knows it no more (the export tells of deleted ones)."""
        return await Desk(connection, http, told_by(connection)).known(hint.record_id) or ()
