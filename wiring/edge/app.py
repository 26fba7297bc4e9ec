"""The edge's process: webhook pages, pollers on the leader, and whatever else runs beside the stages.

In:    connections, the journal's site.      Out: a Faust app that is ready to run.
State: none; see ``wiring.edge.webhooks`` and ``wiring.edge.polling``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import faust
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from connectors.faust.app import (
    Ask,
    BodyRefused,
    Lasting,
    Page,
    Parts,
    Reader,
    Serving,
    Timer,
    Told,
    make_app,
)
from connectors.store.cursors import CursorStore
from connectors.store.deliveries import DeliveryStore
from connectors.store.parts import PartStore
from connectors.vendors.port import Connection, Vendor
from contracts.errors import WrongUsage
from wiring.dispatch.destinations import Destinations
from wiring.edge.deliveries import KEPT, Deliveries
from wiring.edge.dispatching import Dispatching
from wiring.edge.draining import Drain
from wiring.edge.families import Families
from wiring.edge.gate import Gate
from wiring.edge.metrics import EdgeMetrics
from wiring.edge.opening import kafka_gate, now_utc
from wiring.edge.polling import Poller
from wiring.edge.quotas import Quota
from wiring.edge.repeats import Repeats
from wiring.edge.vendors import vendors
from wiring.edge.webhooks import Answer, Receiver, Webhooks, receivers_of
from wiring.health import Readiness
from wiring.kafka.running import Site

HINTS_EVERY_S = 0.2
FORGET_EVERY_S = 3_600.0

SAID: Mapping[int, str] = {200: "ok", 401: "signature refused", 413: "too large", 429: "slow down"}


@dataclass(frozen=True, slots=True)
class Edge:
    """What an edge process is made for. ``poll_every_s`` None: webhooks alone; with
    ``destinations`` it dispatches too."""

    site: Site
    connections: Mapping[str, Connection]
    store: Engine
    quota: Quota
    serving: Serving
    poll_every_s: float | None = 60.0
    vendors: Mapping[str, Vendor] = field(default_factory=vendors)
    destinations: Destinations | None = None
    readers: Sequence[Reader] = ()


class EdgeReadiness(Readiness):
    """Ready while the last thing that came in could be made durable."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def missing(self) -> list[str]:
        """Why nothing can be accepted at the moment."""
        return [f"journal: {self._gate.trouble}"] if self._gate.trouble else []


@dataclass(frozen=True, slots=True)
class Opened:
    """An app that is ready to run, and what its probes ask."""

    app: faust.App
    readiness: Readiness


@contextmanager
def open_edge(edge: Edge, registry: CollectorRegistry) -> Iterator[Opened]:
    """The app of an edge; its parts are closed behind it. Raises ``WrongUsage`` for a connection that cannot work."""
    store = DeliveryStore(edge.store)
    with (
        kafka_gate(edge.site, edge.quota) as gate,
        closing(Families(Repeats(gate), PartStore(edge.store))) as families,
        closing(Deliveries(store)) as deliveries,
    ):
        receivers = {**receivers_of(edge.vendors, families)}
        polled = _checked(edge, receivers)
        metrics = EdgeMetrics(registry)
        drain = Drain(families, CursorStore(edge.store), now_utc, told=metrics.polled)
        poller = Poller(polled, drain, vendor=lambda one: edge.vendors[one.vendor])
        gate.on_hint = poller.hinted
        webhooks = Webhooks(edge.connections, receivers, deliveries, now_utc, metrics)
        dispatching = _dispatching(edge, families, registry)
        parts = Parts(
            pages=webhook_pages(webhooks, metrics),
            timers=(
                Timer("fetch_hinted", HINTS_EVERY_S, poller.fetch_hinted),
                Timer("forget_deliveries", FORGET_EVERY_S, _forgetting(store), leader_only=True),
                *(one.timer() for one in dispatching),
            ),
            lasting=_polling(poller, edge.poll_every_s) if polled else (),
            readers=(*edge.readers, *(r for one in dispatching for r in one.readers(edge.site.naming))),
            at_the_end=tuple(one.close for one in dispatching),
        )
        name = f"{edge.site.naming.prefix}-edge"
        app = make_app(name, edge.site.cluster, edge.site.data / "edge" / "faust", parts, edge.serving)
        yield Opened(app, EdgeReadiness(gate))


def _checked(edge: Edge, receivers: Mapping[str, Receiver]) -> dict[str, Connection]:
    """The connections that are polled, with options that their vendors have checked."""
    polled = {}
    for name, one in edge.connections.items():
        if one.vendor in edge.vendors:
            edge.vendors[one.vendor].check(one)
            polled[name] = one
        elif one.vendor not in receivers:
            known = ", ".join(sorted(receivers))
            raise WrongUsage(f"connection {name}: no vendor is called {one.vendor}; known: {known}")
    return polled


def _dispatching(edge: Edge, gate: Families, registry: CollectorRegistry) -> tuple[Dispatching, ...]:
    """The dispatcher, where destinations are named."""
    if edge.destinations is None:
        return ()
    return (Dispatching(edge.destinations, edge.store, edge.site.keys, registry, gate, now_utc),)


def _polling(poller: Poller, every_s: float | None) -> tuple[Lasting, ...]:
    return () if every_s is None else (Lasting("poll", lambda: poller.forever(every_s)),)


def _forgetting(store: DeliveryStore) -> Callable[[], Awaitable[int]]:
    return lambda: asyncio.to_thread(store.forget_before, now_utc() - KEPT)


def webhook_pages(webhooks: Webhooks, metrics: EdgeMetrics) -> tuple[Page, ...]:
    """Every address below ``/webhooks``: one that is none of ours must not be answered with 404."""

    async def answer(ask: Ask) -> Told:
        began = time.perf_counter()

        async def read() -> bytes | Answer:
            try:
                return await ask.body()
            except BodyRefused as exc:
                return Answer("too_large" if exc.status == 413 else "slow")

        vendor, _, connection = ask.path["address"].partition("/")
        answer = await webhooks.answer(vendor, connection, ask.headers, read)
        metrics.seconds.observe(time.perf_counter() - began)
        return told(answer)

    return (Page("/webhooks/{address:.*}", answer),)


def told(answer: Answer) -> Told:
    """The answer as HTTP; it says nothing that a stranger could learn from."""
    later = answer.retry_after_s
    headers = {} if later is None else {"Retry-After": str(max(1, round(later)))}
    return Told(answer.status, SAID.get(answer.status, answer.outcome.replace("_", " ")), headers)
