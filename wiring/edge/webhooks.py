"""What becomes of a webhook: an HTTP status, and only after durability a 2xx.

In:    vendor, connection, headers and body of a request.      Out: what was received, through the gate; an answer.
State: ids of deliveries that were taken (the store).
Elsewhere: the server (``connectors.faust``), signatures and mapping (``connectors.vendors``).

The order is fixed: size, signature over the body's own bytes, repeat, parsing, durability, note. An unknown address is
answered with 503, never with 404 or 410: Typeform disables a webhook at once for those, and a deployment that does not
know a connection yet would lose it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from traceback import walk_tb
from typing import Literal, Protocol

import structlog

from connectors.vendors.port import Connection, Request, SignatureRefused, Taken, Unreadable, Vendor
from contracts.errors import PipelineError, QuotaExceeded, RetryLater, WrongUsage
from wiring.edge.deliveries import Deliveries
from wiring.edge.draining import Gate

log = structlog.get_logger()

Outcome = Literal[
    "taken",
    "repeat",
    "unknown",
    "encoded",
    "too_large",
    "slow",
    "refused",
    "malformed",
    "misconfigured",
    "flood",
    "away",
]
"""What became of a request; metrics count each."""

STATUS: Mapping[Outcome, int] = {
    "taken": 200,
    "repeat": 200,
    "unknown": 503,
    "encoded": 415,
    "too_large": 413,
    "slow": 408,
    "refused": 401,
    "malformed": 400,
    "misconfigured": 503,
    "flood": 429,
    "away": 503,
}

MOST_BODY_BYTES = 1 << 20
"""Far above any vendor's notification."""

LATER_S = 120.0
"""When to come again to an address that nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with; ``why`` is for metrics and logs, and of a refused signature for nobody else."""

    outcome: Outcome
    retry_after_s: float | None = None
    why: str = ""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.outcome]


class Receiver(Protocol):
    """One vendor's side of a webhook page."""

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        """The id of this delivery, equal when it comes again. Raises ``SignatureRefused``."""
        ...

    async def take(self, connection: Connection, request: Request) -> None:
        """Make durable what it says. Raises ``ValueError`` for a body that is none of the vendor's, ``RetryLater``."""
        ...


@dataclass(frozen=True, slots=True)
class VendorReceiver:
    """Receives a feedback vendor's webhooks: what they say goes through the gate."""

    vendor: Vendor
    gate: Gate

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        """As ``Receiver``."""
        return self.vendor.verify(connection, request, now)

    async def take(self, connection: Connection, request: Request) -> None:
        """As ``Receiver``."""
        await self.gate.accept(connection, self._received(connection, request))

    def _received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        try:
            return self.vendor.received(connection, request)
        except ValueError:
            raise
        except Exception as exc:  # noqa: BLE001 - what nobody thought of in a vendor's mapping loses no delivery
            told = {"connection": connection.name, "error": type(exc).__name__, "at": place_of(exc)}
            log.warning("webhook_mapping_failed", **told)
            name = f"delivery {request.received_at.isoformat()}"
            return [Unreadable(name, request.body, f"mapping failed: {type(exc).__name__}")]


def place_of(error: BaseException) -> str:
    """Module and line that raised it. What a library's error says may hold what a customer wrote, so no log has it."""
    place = "nowhere"
    for frame, line in walk_tb(error.__traceback__):
        place = f"{frame.f_globals.get('__name__')}:{line}"
    return place


class Counting(Protocol):
    """Counts what becomes of webhooks."""

    def answered(self, vendor: str, answer: Answer) -> None:
        """Count one request."""
        ...


class Webhooks:
    """Answers requests; for one event loop. ``receivers`` are by vendor, ``connections`` by name."""

    def __init__(
        self,
        connections: Mapping[str, Connection],
        receivers: Mapping[str, Receiver],
        deliveries: Deliveries,
        now: Callable[[], datetime],
        counting: Counting,
    ) -> None:
        self._connections = connections
        self._receivers = receivers
        self._deliveries = deliveries
        self._now = now
        self._counting = counting

    async def answer(
        self,
        vendor: str,
        name: str,
        headers: Mapping[str, str],
        read: Callable[[], Awaitable[bytes | Answer]],
    ) -> Answer:
        """The answer to one request; ``read`` gives its body, or the answer to one that cannot be had. Never raises."""
        connection = self._connections.get(name)
        receiver = self._receivers.get(vendor)
        if connection is None or receiver is None or connection.vendor != vendor:
            return self._counted("unknown", Answer("unknown", LATER_S))
        body = await self._body(headers, read)
        if isinstance(body, Answer):
            return self._counted(vendor, body)
        request = Request(headers, body, self._now())
        try:
            answer = await self._verified(connection, receiver, request)
        except RetryLater as exc:
            answer = Answer("away", exc.retry_after_s, str(exc))
        except PipelineError as exc:
            log.warning("webhook_failed", connection=name, error=type(exc).__name__, at=place_of(exc))
            answer = Answer("away", LATER_S, str(exc))
        return self._counted(vendor, answer)

    @staticmethod
    async def _body(
        headers: Mapping[str, str], read: Callable[[], Awaitable[bytes | Answer]]
    ) -> bytes | Answer:
        # A signature is over the bytes that were sent, and no vendor compresses: what is compressed is a bomb.
        if headers.get("content-encoding", "identity").lower() != "identity":
            return Answer("encoded")
        return await read()

    async def _verified(self, connection: Connection, receiver: Receiver, request: Request) -> Answer:
        try:
            delivery = receiver.verify(connection, request, request.received_at)
        except SignatureRefused as exc:
            return Answer("refused", why=exc.reason)
        except WrongUsage as exc:  # a secret's file is missing: the vendor sends it again when it is there
            log.warning("webhook_misconfigured", connection=connection.name, why=str(exc))
            return Answer("misconfigured", LATER_S)
        if delivery in await self._deliveries.seen(connection.name, delivery):
            return Answer("repeat")
        try:
            await receiver.take(connection, request)
        except QuotaExceeded as exc:
            return Answer("flood", exc.retry_after_s)
        except ValueError as exc:
            log.warning("webhook_malformed", connection=connection.name, error=type(exc).__name__)
            return Answer("malformed")
        try:
            await self._deliveries.note(connection.name, delivery, now=request.received_at)
        except PipelineError as exc:  # what it brought is durable; if it comes again, intake knows its items
            log.warning("delivery_not_noted", connection=connection.name, why=str(exc))
        return Answer("taken")

    def _counted(self, vendor: str, answer: Answer) -> Answer:
        self._counting.answered(vendor, answer)
        return answer


def receivers_of(vendors: Mapping[str, Vendor], gate: Gate) -> dict[str, Receiver]:
    """A receiver for each vendor; one that has no webhooks refuses every signature by itself."""
    return {name: VendorReceiver(vendor, gate) for name, vendor in vendors.items()}
