"""The HTTP client under every SDK: it never waits beyond a deadline, nor reads more than an answer can be.

The SDKs' own time-outs bound each read, not the whole; a server that drips would hold a call for hours. Here each
chunk of a body is held against the call's deadline and the bound of bytes. Proxies of the environment are not used,
redirects not followed (a key must not travel on), compressed bodies not read (none is asked for).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import cast

import httpx2

from models.llm.errors import Misconfigured, Unreadable

CA_FILE = "UNDERCURRENT_LLM_CA_FILE"
"""The variable that names the certificates of a network's own authority."""

MAX_BODY_BYTES = 1_000_000
"""More than this is no answer: the longest that a model may say is some 100,000 tokens of 4 bytes."""

CONNECT_S = 5.0
"""A server that does not take a connection within this is away."""

CONNECTIONS = 64
"""More than the concurrent calls of any process; a call never waits for a connection."""


class DeadlinePassed(httpx2.ReadTimeout):
    """The body did not end in time."""


class BoundedTransport(httpx2.BaseTransport):
    """Another transport, held to the time and the size that a call allows; ``clock`` is in seconds."""

    def __init__(
        self, inner: httpx2.BaseTransport, provider: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner = inner
        self._provider = provider
        self._clock = clock

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises ``Unreadable`` for a body that is too long or compressed, ``DeadlinePassed`` for one that drips."""
        until = self._clock() + float(request.extensions["timeout"]["read"])
        response = self._inner.handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise self._unreadable(response, "a compressed body, which was not asked for")
        stream = cast(httpx2.SyncByteStream, response.stream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(stream, lambda taken: self._check(response, taken, until)),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._inner.close()

    def _check(self, response: httpx2.Response, taken: int, until: float) -> None:
        if taken > MAX_BODY_BYTES:
            raise self._unreadable(response, f"more than {MAX_BODY_BYTES:,} bytes")
        if self._clock() > until:
            raise DeadlinePassed("the body did not end in time")

    def _unreadable(self, response: httpx2.Response, what: str) -> Unreadable:
        return Unreadable(
            f"answered with {what}", provider=self._provider, status=response.status_code, maybe_billed=True
        )


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, check: Callable[[int], None]) -> None:
        self._inner = inner
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for chunk in self._inner:
            taken += len(chunk)
            self._check(taken)
            yield chunk

    def close(self) -> None:
        self._inner.close()


def http_client(provider: str, proxy: str = "", ca_file: Path | None = None) -> httpx2.Client:
    """A client for one provider, for many threads. Raises ``Misconfigured`` if ``ca_file`` holds no certificates."""
    try:
        verify = _trust(ca_file)
    except OSError:  # an ssl.SSLError is one
        raise Misconfigured(f"{ca_file} holds no certificates; set {CA_FILE}", provider=provider) from None
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    inner = httpx2.HTTPTransport(trust_env=False, limits=limits, proxy=proxy or None, verify=verify)
    return httpx2.Client(
        transport=BoundedTransport(inner, provider),
        trust_env=False,
        follow_redirects=False,
        headers={"accept-encoding": "identity"},
    )


@lru_cache(maxsize=4)
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to trust; reading the usual authorities takes as long as a short request, so clients share it."""
    if ca_file is not None:
        return ssl.create_default_context(cafile=ca_file)
    return httpx2.create_ssl_context(trust_env=False)


def time_limit(deadline_s: float) -> httpx2.Timeout:
    """The time-outs of a call that may take ``deadline_s`` seconds in all."""
    return httpx2.Timeout(deadline_s, connect=min(CONNECT_S, deadline_s))
