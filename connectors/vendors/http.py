"""One connection's HTTP client: everything that a vendor's connector sends goes through it.

It waits as the vendor asks, tries again what may pass, renews a token once, and never reads more or waits longer than
allowed. Where it may go: ``guard``. Full jitter (Brooker, "Exponential backoff and jitter", 2015): the wait before
attempt n+1 is uniform in [0, min(longest, first · 2^(n-1))], on top of what the vendor asked for.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from random import Random
from typing import Any

import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from connectors.vendors.errors import AddressRefused, VendorAway, VendorGarbled, VendorLimited, VendorRefused
from connectors.vendors.guard import GuardedTransport
from connectors.vendors.port import Connection
from connectors.vendors.wire import read_json
from connectors.waits import retry_after_s
from contracts.errors import WrongUsage

PASSING = frozenset({408, 423, 425, 429, 499})
"""Statuses below 500 that pass by themselves."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3

LONGEST_ASKED_S = 86_400.0
"""No quota is of more than a day: who asks for a longer pause says milliseconds for seconds, or a wrong year."""

ALLOW_PRIVATE = "allow_private_hosts"
"""The option of a connection that names hosts which may be private and unencrypted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def json(self) -> Any:
        """The body as JSON. Raises ``VendorGarbled`` (a ``ValueError``) where it is something else."""
        try:
            return read_json(self.body)
        except ValueError:
            raise VendorGarbled("the vendor answered with something else than JSON") from None


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, how long and how much; seconds and bytes."""

    tries: int = 6
    first_s: float = 0.5
    longest_s: float = 60.0
    attempt_s: float = 60.0
    deadline_s: float = 300.0
    """All attempts and waits of one request; a vendor that asks for more is left to the caller (``VendorLimited``)."""
    max_body_bytes: int = 64_000_000


Limits = Callable[[Answer], float | None]
"""Seconds to send nothing more, as a vendor's own quota headers or codes say; None where they say nothing.

Of an answer that is an error, a number also means that it is one of quota and passes.
"""

Renew = Callable[[], Awaitable[Mapping[str, str]]]
"""Headers with a new token, after a 401."""


@dataclass(slots=True)
class _Ask:
    """One request on its way; its headers change when a token is renewed."""

    method: str
    url: str
    params: Mapping[str, str] | None
    content: bytes | None
    headers: dict[str, str]
    limits: Limits | None
    renew: Renew | None
    accept: Collection[int]
    html: bool
    every_s: float
    lane: str


@dataclass
class VendorHttp:
    """Sends requests to one vendor, for one connection; ``clock`` is in seconds, ``now`` in UTC."""

    client: httpx.AsyncClient
    name: str = "vendor"
    patience: Patience = field(default_factory=Patience)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: Random = field(default_factory=Random)
    _free_at: dict[str, float] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        renew: Renew | None = None,
        accept: Collection[int] = (),
        html: bool = False,
        every_s: float = 0.0,
        lane: str = "",
        tries: int | None = None,
    ) -> Answer:
        """The answer: a status of 200 to 299, 304, or one that ``accept`` names.

        ``every_s`` is the least time between two requests of one ``lane``; ``html`` says that a page of HTML is
        wanted; ``tries`` is 1 for what must not be sent twice. Raises ``VendorAway`` (``VendorLimited`` for quota),
        ``VendorRefused`` for any other status, ``VendorGarbled``, ``AddressRefused``, ``WrongUsage``.
        """
        content, kind = _content(json, form)
        told = {name.lower(): value for name, value in (headers or {}).items()} | kind
        ask = _Ask(method, url, params, content, told, limits, renew, accept, html, every_s, lane)
        until = self.clock() + self.patience.deadline_s
        most = self.patience.tries if tries is None else tries
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(VendorAway),
            wait=self._wait_s,
            stop=lambda state: state.attempt_number >= most or self.clock() + state.upcoming_sleep >= until,
            sleep=self.sleep,
            reraise=True,
        )
        answer: Answer = await retrying(self._attempt, ask, until)
        return answer

    def _wait_s(self, state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        asked_s = failed.asked_s if isinstance(failed, VendorAway) else None
        most_s = min(self.patience.longest_s, self.patience.first_s * 2.0 ** (state.attempt_number - 1))
        return (asked_s or 0.0) + self.rng.uniform(0.0, most_s)

    async def _attempt(self, ask: _Ask, until: float) -> Answer:
        await self._take_turn(ask, until)
        answer = await self._send(ask, until)
        if answer.status == httpx.codes.UNAUTHORIZED and ask.renew is not None:
            ask.headers |= {name.lower(): value for name, value in (await ask.renew()).items()}
            ask.renew = None
            answer = await self._send(ask, until)
        return self._judged(ask, answer)

    async def _take_turn(self, ask: _Ask, until: float) -> None:
        """Wait until this lane is free; the next caller's turn comes ``every_s`` later."""
        at = max(self.clock(), self._free_at.get(ask.lane, 0.0))
        if at >= until:
            raise VendorLimited(f"{self.name}: its quota is used up", asked_s=at - self.clock())
        self._free_at[ask.lane] = at + ask.every_s
        if at > self.clock():
            await self.sleep(at - self.clock())

    def _judged(self, ask: _Ask, answer: Answer) -> Answer:
        wait_s = _believed(ask.limits(answer)) if ask.limits else None
        if wait_s is not None:
            self._free_at[ask.lane] = max(self._free_at.get(ask.lane, 0.0), self.clock() + wait_s)
        if answer.status in ask.accept or answer.status == httpx.codes.NOT_MODIFIED:
            return answer
        if httpx.codes.is_success(answer.status):
            if not ask.html and _is_html(answer):
                raise VendorAway(f"{self._said(ask, answer)} with a page of HTML instead of data")
            return answer
        told = {"date": format_datetime(answer.received_at, usegmt=True)} | dict(answer.headers)
        asked_s = wait_s if wait_s is not None else _believed(retry_after_s(told))
        if answer.status == httpx.codes.TOO_MANY_REQUESTS or wait_s is not None:
            raise VendorLimited(f"{self._said(ask, answer)}: its quota is used up", asked_s=asked_s)
        if answer.status in PASSING or httpx.codes.is_server_error(answer.status):
            raise VendorAway(f"{self._said(ask, answer)}: it is away", asked_s=asked_s)
        raise VendorRefused(
            f"{self._said(ask, answer)}{_what_to_do(answer.status)}", status=answer.status, answer=answer
        )

    async def _send(self, ask: _Ask, until: float) -> Answer:
        """One answer, redirects within the host followed."""
        url, params = ask.url, ask.params
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._exchange(ask, url, params, until)
            if answer.status not in REDIRECTS:
                return answer
            there = httpx.URL(url).join(answer.headers.get("location", ""))
            if ask.method != "GET" or _origin(there) != _origin(httpx.URL(url)):
                break
            url, params = str(there), None
        raise VendorRefused(
            f"{self._said(ask, answer)}: it redirects elsewhere, and secrets do not travel on; "
            "name the right host in the connection's options",
            status=answer.status,
        )

    async def _exchange(self, ask: _Ask, url: str, params: Mapping[str, str] | None, until: float) -> Answer:
        seconds = max(0.0, min(self.patience.attempt_s, until - self.clock()))
        try:
            async with (
                asyncio.timeout(seconds),
                self.client.stream(
                    ask.method, url, params=params, content=ask.content, headers=ask.headers, timeout=seconds
                ) as got,
            ):
                body = await self._body(got)
        except TimeoutError:
            raise VendorAway(f"{self.name}: {_host(url)} did not answer within {seconds:.0f} s") from None
        except httpx.InvalidURL:
            raise WrongUsage(f"{self.name}: its address is none; look at the connection's options") from None
        except (httpx.TransportError, httpx.DecodingError) as exc:
            raise self._unanswered(url, exc) from None
        except AddressRefused as exc:
            raise AddressRefused(f"{self.name}: {exc}") from None
        headers = {name.lower(): value for name, value in got.headers.items()}
        return Answer(got.status_code, headers, body, self.now())

    async def _body(self, got: httpx.Response) -> bytes:
        taken = bytearray()
        async for chunk in got.aiter_bytes():
            taken += chunk
            if len(taken) > self.patience.max_body_bytes:
                most = self.patience.max_body_bytes
                raise VendorGarbled(
                    f"{self.name}: an answer of more than {most:,} bytes; ask for smaller pages"
                )
        return bytes(taken)

    def _unanswered(self, url: str, exc: Exception) -> VendorAway | VendorRefused:
        if "CERTIFICATE_VERIFY_FAILED" in str(exc):
            return VendorRefused(
                f"{self.name}: {_host(url)} shows a certificate that is not trusted", status=0
            )
        return VendorAway(f"{self.name}: {_host(url)}: no answer ({type(exc).__name__})")

    def _said(self, ask: _Ask, answer: Answer) -> str:
        return f"{self.name}: {_host(ask.url)} answered {answer.status}"


def open_http(connection: Connection, patience: Patience | None = None) -> VendorHttp:
    """A client for one connection; close its ``client``. Proxies of the environment are not used."""
    # It tells every address it asks, and those may hold tokens.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    inner = httpx.AsyncHTTPTransport(trust_env=False, verify=_trust())
    client = httpx.AsyncClient(
        transport=GuardedTransport(inner, allowed_hosts(connection)),
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "undercurrent"},
    )
    return VendorHttp(client, connection.name, patience or Patience())


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The usual authorities; reading them takes as long as a short request, so clients share them."""
    return httpx.create_ssl_context(trust_env=False)


def allowed_hosts(connection: Connection) -> tuple[str, ...]:
    """Hosts that may be private. Raises ``WrongUsage`` for an option of another shape."""
    hosts = connection.options.get(ALLOW_PRIVATE, ())
    if not isinstance(hosts, list | tuple) or not all(isinstance(host, str) for host in hosts):
        raise WrongUsage(f"connection {connection.name}: {ALLOW_PRIVATE} is a list of host names")
    return tuple(hosts)


def _content(json: Any, form: Mapping[str, str] | None) -> tuple[bytes | None, dict[str, str]]:
    if json is not None:
        return orjson.dumps(json), {"content-type": "application/json"}
    if form is not None:
        told = str(httpx.QueryParams(dict(form))).encode()
        return told, {"content-type": "application/x-www-form-urlencoded"}
    return None, {}


def _believed(asked_s: float | None) -> float | None:
    return None if asked_s is None else min(asked_s, LONGEST_ASKED_S)


def _is_html(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "")
    return "html" in kind or answer.body.lstrip()[:1] == b"<"


def _what_to_do(status: int) -> str:
    if status == httpx.codes.UNAUTHORIZED:
        return ": it does not know the credential; write a new one to its file"
    if status == httpx.codes.FORBIDDEN:
        return ": the credential may not read this; give it the scopes that docs/connectors.md names"
    return ": it refuses the request"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return "?"
