"""Anybody's webhook: signed, with an id that stays the same when it comes again, and never into our own network.

``X-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">``, ``X-Event-Id``. The name is resolved once, every address of
it is judged, and the request goes to one that was judged, so a name that changes its mind meanwhile gains nothing.
Redirects are not followed.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
import orjson

from connectors.addresses import is_public, resolved
from connectors.alerting.port import Notice
from connectors.outgoing import Closed, Limited, NotReached, Refused, Sender, Unsure

LIMITED_S = 30.0


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """One address. ``secret`` is read anew for each request; ``private`` allows addresses of one's own network."""

    sender: Sender
    url: str
    secret: Callable[[], str]
    private: bool = False
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def send(self, notice: Notice) -> None:
        """Post it, signed."""
        told = httpx.URL(self.url)
        address = await self._judged(told)
        content = body(notice)
        at = int(self.clock().timestamp())
        headers = {
            "content-type": "application/json",
            "host": told.netloc.decode("ascii"),
            "x-event-id": notice.id,
            "x-signature": signature(self.secret(), at, content),
        }
        heard = await self.sender.send(
            "POST",
            str(told.copy_with(host=address)),
            content=content,
            headers=headers,
            extensions={"sni_hostname": told.host},
        )
        said = f"{self.sender.who}: status {heard.status}"
        if 200 <= heard.status < 300:
            return
        if heard.status == 410:
            raise Closed(f"{said}; it says that it is gone for good")
        if heard.status == 429:
            raise Limited(said, retry_after_s=heard.waits_s(LIMITED_S))
        if heard.status >= 500 or heard.status in (408, 425):
            raise Unsure(said, retry_after_s=heard.waits_s(0.0))
        raise Refused(f"{said}; redirects are not followed", reason="refused")

    def preview(self, notice: Notice) -> Any:
        """The body."""
        return orjson.loads(body(notice))

    async def _judged(self, url: httpx.URL) -> str:
        """An address of the host that may be written to. Raises ``Closed`` for one of our own network."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await resolved(url.host, port)
        except OSError as exc:
            raise NotReached(f"{self.sender.who}: its name does not resolve", retry_after_s=0.0) from exc
        if not self.private and not all(is_public(address) for address in addresses):
            raise Closed(f"{self.sender.who}: lies in a private network; say private: true if it is yours")
        return addresses[0]


def body(notice: Notice) -> bytes:
    """The JSON that is sent; the same bytes for the same notice."""
    return orjson.dumps(
        {
            "id": notice.id, "tenant": notice.tenant, "rule": notice.rule, "about": notice.about,
            "severity": notice.severity, "title": notice.title, "body": notice.body,
            "at": notice.at.isoformat(), "theme_id": notice.theme_id, "owner": notice.owner, "url": notice.url,
        }
    )  # fmt: skip


def signature(secret: str, at: int, content: bytes) -> str:
    """The header's value; ``at`` in seconds since 1970.

    >>> signature("test-secret", 1767323045, b"{}")[:21]
    't=1767323045,v1=50817'
    """
    digest = hmac.digest(secret.encode(), b"%d." % at + content, sha256)
    return f"t={at},v1={digest.hex()}"
