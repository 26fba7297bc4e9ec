"""Notifications of trackers as they look, and what a connection makes of them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from connectors.vendors.port import Connection, Hint, Request, Taken, Vendor
from tests.support.vendors.case import SECRET
from tests.support.vendors.clock import NOW, FakeTime, quick_http
from tests.support.vendors.drained import connected
from tests.support.vendors.server import Answering, vendor_server

OURS = "c723c24b-5c71-4524-bc29-9010b4c13748"
OTHER = "11111111-2222-4333-8444-555555555555"


def connection(vendor: Vendor, **options: Any) -> Connection:
    return Connection(f"acme-{vendor.name}", vendor.name, "acme", options, signing_secrets=lambda: (SECRET,))


def digest(body: bytes, secret: bytes = SECRET) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def request(told: Any, headers: Mapping[str, str] | None = None, at: datetime = NOW) -> Request:
    body = told if isinstance(told, bytes) else orjson.dumps(told)
    return Request(headers or {}, body, at)


def fetched(vendor: Vendor, answering: Answering, options: Mapping[str, Any], name: str) -> Sequence[Taken]:
    """What a hint at an issue brings from a simulated tracker."""

    async def fetch(url: str) -> Sequence[Taken]:
        here = connected(vendor, url, options, token="k3y")
        http = quick_http(here, FakeTime())
        async with http.client:
            return await vendor.fetch(here, http, Hint("issue", name))

    with vendor_server(answering) as server:
        return asyncio.run(fetch(server.url))
