"""One request to somebody else's system, and what is known of it afterwards: done, not done, or nobody knows.

Everything that acts on the outside (trackers, alerts) sends through here. Nothing is retried here: whether a request
may be sent again is the caller's to say, and the errors tell it. No error holds what was sent or where to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from connectors.vendors.wire import read_json
from connectors.waits import retry_after_s
from contracts.errors import PipelineError, RejectItem, RetryLater

REQUEST_S = 15.0
"""Longest that one request may take, to the last byte of its answer."""

LARGEST_BYTES = 4 << 20
"""Largest answer that is read; trackers answer a few kilobytes."""

# A wait that somebody asks for is believed up to this; beyond it we look again.
LONGEST_WAIT_S = 3600.0

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class NotReached(RetryLater):
    """Nothing was sent: the other side is away."""


class Unsure(RetryLater):
    """It may have happened, or not: look before doing it again."""


class Limited(RetryLater):
    """Not done: the other side asks for less, and ``retry_after_s`` says how long to wait."""


class Unauthorised(PipelineError):
    """The credential is not accepted; every request of this destination would fail alike."""


class Closed(PipelineError):
    """This destination is gone or does not want us: no request to it will ever succeed."""


class Refused(RejectItem):
    """The other side understood the request and will never do it."""


class Gone(RejectItem):
    """What this is about was deleted by people."""

    def __init__(self) -> None:
        super().__init__("people deleted it; it is not made again", reason="deleted")


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, also with half a character in it; None where it is something else, say a proxy's page."""
        try:
            return read_json(self.body)
        except ValueError:
            return None

    def waits_s(self, otherwise: float) -> float:
        """What the headers ask for; ``otherwise`` where they say nothing."""
        told = retry_after_s(self.headers)
        return min(otherwise if told is None else told, LONGEST_WAIT_S)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends requests on behalf of ``who`` (what errors call the other side)."""

    client: httpx.AsyncClient
    who: str
    within_s: float = REQUEST_S

    async def send(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Heard:
        """One request and its answer, of whatever status. Raises ``NotReached`` or ``Unsure``."""
        body = orjson.dumps(json) if json is not None else content
        told = dict(headers or {})
        if json is not None:
            told.setdefault("content-type", "application/json")
        try:
            async with asyncio.timeout(self.within_s):
                return await self._heard(method, url, body, told, dict(extensions or {}))
        except _NOT_SENT as exc:
            raise NotReached(f"{self.who}: {type(exc).__name__}", retry_after_s=0.0) from exc
        except (httpx.HTTPError, TimeoutError) as exc:
            raise Unsure(f"{self.who}: {type(exc).__name__}", retry_after_s=0.0) from exc

    async def _heard(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], extensions: dict[str, Any]
    ) -> Heard:
        async with self.client.stream(
            method, url, content=body, headers=headers, extensions=extensions
        ) as answer:
            read = bytearray()
            async for part in answer.aiter_bytes():
                read += part
                if len(read) > LARGEST_BYTES:
                    raise Unsure(f"{self.who}: an answer of over {LARGEST_BYTES} bytes", retry_after_s=0.0)
        return Heard(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(read))


def new_client(within_s: float = REQUEST_S) -> httpx.AsyncClient:
    """A client that follows nothing, reads no environment, and keeps few connections."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, and Slack's are secrets
    return httpx.AsyncClient(
        timeout=within_s,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
    )


@dataclass
class Clients:
    """One HTTP client for all destinations of a process; closed with it."""

    within_s: float = REQUEST_S
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = new_client(self.within_s)

    def sender(self, who: str) -> Sender:
        """A sender that errors call ``who``."""
        return Sender(self.client, who, self.within_s)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()
