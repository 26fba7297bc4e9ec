"""An edge without Kafka: its pages on a free port of the loopback interface, before a journal in files.

The vendor is a made-up one that signs as the strictest do: HMAC-SHA256 over time and body, five minutes, two secrets.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from connectors.faust.app import Parts, Serving, make_app
from connectors.jsonl.accepting import JsonlAccepting
from connectors.jsonl.log import read_log
from connectors.kafka.cluster import Cluster
from connectors.keys.vault import LocalVault
from connectors.store.deliveries import DeliveryStore
from connectors.store.engine import open_store, sqlite_url
from connectors.vendors.http import VendorHttp
from connectors.vendors.port import (
    Connection,
    Cursor,
    Hint,
    Page,
    Request,
    SignatureRefused,
    Taken,
    Utterance,
)
from contracts.registry import read_record
from wiring.edge.app import webhook_pages
from wiring.edge.deliveries import Deliveries
from wiring.edge.gate import Gate
from wiring.edge.metrics import EdgeMetrics
from wiring.edge.quotas import Quota, Quotas
from wiring.edge.sealing import Sealer
from wiring.edge.webhooks import Receiver, Webhooks, receivers_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = b"test-secret"
OLD_SECRET = b"older-secret"
WINDOW = timedelta(minutes=5)
BODY_LIMIT = 64 << 10

Made = TypeVar("Made")


def signed(
    body: bytes, *, secret: bytes = SECRET, at: datetime = NOON, delivery: str = "d-1"
) -> dict[str, str]:
    """The headers of a request of the made-up vendor."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Time": stamp, "X-Signature": mac, "X-Delivery": delivery}


def said(*records: str, text: str = "the export is slow") -> bytes:
    """A body of the made-up vendor."""
    return orjson.dumps(
        {"said": [{"id": one, "text": text, "author": f"author of {one}"} for one in records]}
    )


class Desk:
    """The made-up vendor; ``fails`` makes its mapping do what nobody thought of."""

    name = "desk"
    streams: Sequence[str] = ("everything",)
    fails = False

    def check(self, connection: Connection) -> None:
        """Anything goes."""

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        mac, stamp = request.headers.get("x-signature"), request.headers.get("x-time", "")
        if mac is None:
            raise SignatureRefused("missing")
        if not stamp.isdecimal() or not mac.isascii():
            raise SignatureRefused("malformed")
        known = (
            hmac.new(one, stamp.encode() + b"." + request.body, hashlib.sha256)
            for one in connection.signing_secrets()
        )
        if not any(hmac.compare_digest(one.hexdigest(), mac) for one in known):
            raise SignatureRefused("mismatch")
        age = now - datetime.fromtimestamp(int(stamp), UTC)
        if abs(age) > WINDOW:
            raise SignatureRefused("stale" if age > WINDOW else "future")
        return request.headers.get("x-delivery", mac)

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        told = orjson.loads(request.body)
        if self.fails:
            raise LookupError("nobody thought of this")
        if not isinstance(told, dict) or not isinstance(told.get("said"), list):
            raise ValueError("not a notification of the desk's")  # noqa: TRY004 - what the port asks for
        hints = [Hint("said", one) for one in told.get("changed", ())]
        return [
            *(
                Utterance(one["id"], {"text": one["text"], "author": one.get("author")}, NOON)
                for one in told["said"]
            ),
            *hints,
        ]

    async def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        for page in ():
            yield page

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        return ()


@dataclass
class Desks:
    """A running edge: where to send requests, what it accepted, its clock and what it counted."""

    folder: Path
    registry: CollectorRegistry
    secrets: list[bytes]
    client: httpx.AsyncClient
    clock: list[datetime]
    hints: list[Hint] = field(default_factory=list)

    async def post(
        self, body: bytes, headers: Mapping[str, str], path: str = "/webhooks/desk/acme-desk"
    ) -> httpx.Response:
        return await self.client.post(path, content=body, headers=dict(headers))

    def records(self, topic: str = "journal") -> list[Any]:
        """What lies in the journal, or in the bulk lane."""
        return [read_record(topic, line.data) for line in read_log(self.folder / "logs" / topic, 0)]

    def counted(self, outcome: str, vendor: str = "desk") -> float:
        labels = {"vendor": vendor, "outcome": outcome}
        return self.registry.get_sample_value("undercurrent_webhooks_total", labels) or 0.0


@contextmanager
def _gate(folder: Path, quota: Quota, now: Callable[[], datetime]) -> Iterator[Gate]:
    """A gate with both lanes, as there are on Kafka, before files."""
    lanes = {lane: folder / "logs" / lane for lane in ("journal", "bulk")}
    with (
        closing(LocalVault(folder / "keys")) as vault,
        JsonlAccepting(lanes, 1) as accepting,
        closing(Gate(Sealer(vault), accepting, 1, quotas=Quotas(quota), now=now)) as gate,
    ):
        yield gate


@asynccontextmanager
async def desks(
    folder: Path,
    *,
    quota: Quota | None = None,
    vendor: Desk | None = None,
    more: Mapping[str, Receiver] | None = None,
    tenants: Sequence[str] = ("acme", "globex"),
) -> AsyncIterator[Desks]:
    """An edge with a connection ``TENANT-desk`` for each tenant; one journal partition."""
    secrets, clock, registry = [SECRET, OLD_SECRET], [NOON], CollectorRegistry()
    connections = {
        f"{one}-desk": Connection(f"{one}-desk", "desk", one, signing_secrets=lambda: tuple(secrets))
        for one in tenants
    }
    store = open_store(sqlite_url(folder / "store.sqlite3"))
    with (
        _gate(folder, quota or Quota(), lambda: clock[0]) as gate,
        closing(Deliveries(DeliveryStore(store))) as deliveries,
    ):
        metrics = EdgeMetrics(registry)
        receivers = {**receivers_of({"desk": vendor or Desk()}, gate), **(more or {})}
        webhooks = Webhooks(connections, receivers, deliveries, lambda: clock[0], metrics)
        app = make_app(
            "test",
            Cluster("127.0.0.1:1"),
            folder / "faust",
            Parts(pages=webhook_pages(webhooks, metrics)),
            Serving(1, most_body_bytes=BODY_LIMIT, body_within_s=1.0),
        )
        app.web.init_server()
        async with (
            TestServer(app.web.web_app) as server,
            httpx.AsyncClient(base_url=str(server.make_url("/")), timeout=20) as client,
        ):
            running = Desks(folder, registry, secrets, client, clock)
            gate.on_hint = lambda _connection, hint: running.hints.append(hint)
            yield running
    store.dispose()


def at_the_desks(folder: Path, doing: Callable[[Desks], Awaitable[Made]], **how: Any) -> Made:
    """Run a coroutine against an edge of its own."""

    async def run() -> Made:
        async with desks(folder, **how) as edge:
            return await doing(edge)

    return asyncio.run(run())
