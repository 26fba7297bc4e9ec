"""Typeform's connector: signed webhooks, and the list of responses of each form."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog

from connectors.vendors.http import VendorHttp
from connectors.vendors.port import Connection, Cursor, Hint, Page, Request, Taken
from connectors.vendors.signing import believe, delivery_id, needed
from connectors.vendors.typeform.mapping import fields_of, response
from connectors.vendors.typeform.options import headers_of, told_by
from connectors.vendors.typeform.walk import responses
from connectors.vendors.values import dig, said
from connectors.vendors.wire import read_json

log = structlog.get_logger()


class Typeform:
    """``port.Vendor`` for Typeform."""

    name = "typeform"
    streams = ("responses",)

    def check(self, connection: Connection) -> None:
        """Raises ``WrongUsage``."""
        told_by(connection)
        headers_of(connection)

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:  # noqa: ARG002 - no time is stamped
        """HMAC-SHA256 over the raw body, in base64. Typeform stamps no time: ``event_id`` tells what is sent again."""
        told = needed(request, "typeform-signature")
        believe(connection, told, lambda key: "sha256=" + _digest(key, request.body))
        return delivery_id(request.body, "event_id")

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What a response says; one that is not finished is left until it is."""
        told = read_json(request.body)
        kind, said_by = said(dig(told, "event_type")), dig(told, "form_response")
        form = said(dig(said_by, "form_id"))
        if kind is None or form is None:
            raise ValueError("no event of Typeform: it has no type or form")
        if kind != "form_response":
            log.info("typeform_event_left_out", kind=kind[:80])
            return ()
        return response(form, said_by, fields_of(dig(said_by, "definition")), told_by(connection))

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """See ``walk``."""
        async for page in responses(connection, http, since, now):
            yield page

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:  # noqa: ARG002
        """Nothing: webhooks of Typeform say all there is."""
        return ()


def _digest(key: bytes, body: bytes) -> str:
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
