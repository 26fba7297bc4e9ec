"""One Qdrant server: a client of it, patience with what passes by itself, and errors that are all ours.

In:    a call and what it is for.    Out: its answer, or one of ``contracts.errors``.
State: none. Every call made through here can be done twice: reads, upserts, removals, named creations.
Elsewhere: what is asked (``tenant``, ``aliases``); what happens to writes while the server is away (``server``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import TypeVar

import grpc  # type: ignore[import-untyped]
import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from contracts.errors import PipelineError, RecoveryRefused, RetryLater, StopWorker, WrongUsage

OLDEST_SERVER = (1, 16)
"""The first version that knows ``update_filter``: an older one ignores it, and tenants could overwrite each other."""

RETRY_AFTER_S = 5.0
"""Wait that is proposed to the caller once our own patience is over, in seconds."""

PASSING_STATUS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Answers below 500 that pass by themselves."""

PASSING_CODES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
)
"""The same over gRPC, where a failing server says ``INTERNAL`` or ``UNKNOWN``."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds."""

    attempt_s: int = 5
    """One attempt; whole seconds, the client rounds up."""

    retry_for_s: float = 10.0
    """All attempts of one call; the last one may begin just before and so end ``attempt_s`` later."""

    first_wait_s: float = 0.1
    """Wait after the first failure; doubled after each further one."""

    look_again_s: float = 2.0
    """Wait before the first look whether a server that was away is back; doubled after each that is in vain."""

    longest_wait_s: float = 15.0
    """No wait is longer. A look at a server that swallows requests takes ``attempt_s`` from the stream each time."""

    def waits_s(self, first_s: float) -> Iterator[float]:
        """Successive waits in seconds: doubled each time up to the longest."""
        for doublings in count():
            yield min(first_s * 2 ** min(doublings, 30), self.longest_wait_s)


def connect(url: str, api_key: str | None, patience: Patience, *, prefer_grpc: bool = False) -> QdrantClient:
    """A client; opens no connection yet. Proxies of the environment are not used: settings are ours alone."""
    try:
        return QdrantClient(
            url=url,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            timeout=patience.attempt_s,
            check_compatibility=False,  # we check ourselves, and refuse instead of warning
            trust_env=False,
        )
    except ValueError as exc:
        raise WrongUsage(
            f"UNDERCURRENT_QDRANT_URL: {url!r} is no address of a Qdrant server ({exc})"
        ) from exc


class Server:
    """Asks one Qdrant server; ``clock`` and ``sleep`` are in seconds and for tests to own."""

    def __init__(
        self,
        client: QdrantClient,
        name: str,
        patience: Patience,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.patience = patience
        self.clock = clock
        self.sleep = sleep
        self._client = client

    def ask(self, doing: str, call: Callable[[QdrantClient], T], *, retry: bool = True) -> T:
        """The answer of ``call``; what passes by itself is tried again until patience is over.

        Raises ``RetryLater`` then, ``StopWorker`` for what no retry changes.
        """
        until = self.clock() + (self.patience.retry_for_s if retry else 0.0)
        waits_s = self.patience.waits_s(self.patience.first_wait_s)
        while True:
            try:
                return call(self._client)
            # The library has several roots, and local mode raises plain ValueError.
            except Exception as exc:
                error = ours(exc, f"{self.name}: {doing}")
                wait_s = next(waits_s)
                if not isinstance(error, RetryLater) or self.clock() + wait_s >= until:
                    raise error from exc
            self.sleep(wait_s)

    def check_version(self) -> None:
        """Raise ``RecoveryRefused`` for a server too old to keep tenants apart."""
        told = self.ask("reading its version", lambda client: client.info(), retry=False).version
        major, minor = (int(part) for part in told.split("-")[0].split(".")[:2])
        if (major, minor) < OLDEST_SERVER:
            oldest = ".".join(map(str, OLDEST_SERVER))
            raise RecoveryRefused(f"{self.name}: is Qdrant {told}; run {oldest} or later")

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def ours(exc: Exception, doing: str) -> PipelineError:
    """The error of ours that says what the caller must do about ``exc``."""
    if isinstance(exc, PipelineError):
        return exc
    if isinstance(exc, ResourceExhaustedResponse):
        return RetryLater(f"{doing}: {exc}", retry_after_s=float(exc.retry_after_s))
    if _passes(exc):
        return RetryLater(f"{doing}: {_said(exc)}", retry_after_s=RETRY_AFTER_S)
    if _forbidden(exc):
        return StopWorker(f"{doing}: not allowed; set UNDERCURRENT_QDRANT_API_KEY to a key that may write")
    return StopWorker(f"{doing}: {_said(exc)}")


def _passes(exc: Exception) -> bool:
    if isinstance(exc, ResponseHandlingException):
        return isinstance(exc.source, httpx.TransportError)
    if isinstance(exc, UnexpectedResponse):
        status = exc.status_code or 0
        return status in PASSING_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(exc, grpc.RpcError) and _code(exc) in PASSING_CODES


def _forbidden(exc: Exception) -> bool:
    if isinstance(exc, UnexpectedResponse):
        return exc.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    denied = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
    return isinstance(exc, grpc.RpcError) and _code(exc) in denied


def _code(exc: Exception) -> grpc.StatusCode | None:
    code = getattr(exc, "code", None)
    return code() if callable(code) else None


def _said(exc: Exception) -> str:
    if isinstance(exc, ResponseHandlingException):
        return str(exc.source) or type(exc.source).__name__
    if isinstance(exc, UnexpectedResponse):
        return f"{exc.status_code} {exc.content[:300].decode('utf-8', 'replace')}"
    details = getattr(exc, "details", None)
    return str(details() if callable(details) else exc) or type(exc).__name__
