"""Make a Faust app of pages, timers and readers that know nothing of Faust.

In:    requests on the loopback interface; records of topics that exist already.     Out: what the callables do.
State: a consumer group's offsets. A record is read again after a crash, so what a reader does must bear repeating.

A page gets the body's own bytes, at most ``most_body_bytes`` of them, within ``body_within_s``. A reader that raises
``RetryLater`` is called again with the same record; anything else goes to ``set_aside`` with the record, and the next
one comes: Faust by itself would skip it and say nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faust
import structlog
from aiohttp import web
from faust.types import StreamT

from connectors.faust.security import credentials_of
from connectors.kafka.cluster import Cluster
from contracts.errors import RetryLater, StopWorker

log = structlog.get_logger()

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as a page gets it; header names in lower case. ``body`` raises ``BodyRefused``."""

    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: Callable[[], Awaitable[bytes]]


class BodyRefused(Exception):
    """A body that is too large (413) or came too slowly (408)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Told:
    """What a page answers."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One address for POST, as aiohttp writes it (``/webhooks/{vendor}``)."""

    path: str
    answer: Callable[[Ask], Awaitable[Told]]


@dataclass(frozen=True, slots=True)
class Timer:
    """Something done every so often; ``leader_only``: by one process of all. An error of one turn does not end it."""

    name: str
    every_s: float
    turn: Callable[[], Awaitable[object]]
    leader_only: bool = False


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something that goes on for ever while this process leads; cancelled when it leads no more."""

    name: str
    run: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Message:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one topic, by its full name, from its beginning the first time."""

    name: str
    topic: str
    take: Callable[[Message], Awaitable[None]]
    set_aside: Callable[[Message, Exception], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that an app does; ``at_the_end`` when it stops."""

    pages: Sequence[Page] = ()
    timers: Sequence[Timer] = ()
    lasting: Sequence[Lasting] = ()
    readers: Sequence[Reader] = ()
    at_the_end: Sequence[Callable[[], Awaitable[None]]] = ()


@dataclass(frozen=True, slots=True)
class Serving:
    """Where an app listens, and what of a request it takes."""

    port: int
    host: str = LOOPBACK
    most_body_bytes: int = 1 << 20
    body_within_s: float = 10.0


def make_app(name: str, cluster: Cluster, folder: Path, parts: Parts, serving: Serving) -> faust.App:
    """The app ``name``, which is its consumer group's name too; ``folder`` is for files of Faust's own."""
    folder.mkdir(parents=True, exist_ok=True)
    needs_leader = bool(parts.lasting) or any(timer.leader_only for timer in parts.timers)
    app = faust.App(
        name,
        broker=[f"kafka://{server}" for server in cluster.bootstrap.split(",")],
        broker_credentials=credentials_of(cluster.properties),
        broker_session_timeout=10.0,  # a killed process's partitions are free after this, not after a minute
        broker_heartbeat_interval=3.0,
        consumer_auto_offset_reset="earliest",
        datadir=str(folder),
        store="memory://",
        table_cleanup_interval=3600.0,
        topic_allow_declare=needs_leader,
        topic_disable_leader=not needs_leader,
        topic_replication_factor=1,
        web_bind=serving.host,
        web_port=serving.port,
        web_host=serving.host,
        web_stats_enabled=False,
        web_graph_enabled=False,
        web_router_enabled=False,
        web_tables_enabled=False,
        web_metrics_enabled=False,
        web_application_options={"client_max_size": serving.most_body_bytes},
    )
    for page in parts.pages:
        _serve(app, page, serving)
    for timer in parts.timers:
        _keep_time(app, timer)
    for lasting in parts.lasting:
        _lead(app, lasting)
    for reader in parts.readers:
        _read(app, reader)
    _end(app, parts.at_the_end)
    return app


def _serve(app: Any, page: Page, serving: Serving) -> None:
    async def answer(request: web.Request) -> web.Response:
        async def body() -> bytes:
            try:
                return await asyncio.wait_for(request.read(), serving.body_within_s)
            except web.HTTPRequestEntityTooLarge:
                raise BodyRefused(413) from None
            except TimeoutError:
                raise BodyRefused(408) from None

        headers = {name.lower(): value for name, value in request.headers.items()}
        told = await page.answer(Ask(dict(request.match_info), headers, body))
        return web.Response(status=told.status, text=told.text, headers=told.headers)

    app.web.web_app.router.add_post(page.path, answer)


def _keep_time(app: Any, timer: Timer) -> None:
    async def turn() -> None:
        try:
            await timer.turn()
        except Exception as exc:  # noqa: BLE001 - a turn that fails is told of, and the next one comes
            log.warning("timer_failed", timer=timer.name, error=type(exc).__name__)

    turn.__name__ = turn.__qualname__ = timer.name
    app.timer(interval=timer.every_s, on_leader=timer.leader_only)(turn)


def _end(app: Any, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
    async def ending(*_args: object, **_more: object) -> None:
        for call in calls:
            await call()

    if calls:
        app.on_before_shutdown.connect(ending, weak=False)


LEADING_LOOKED_AT_S = 1.0


def _lead(app: Any, lasting: Lasting) -> None:
    running: list[asyncio.Task[object]] = []

    async def look() -> None:
        if running and running[0].done():
            task = running.pop()
            if not task.cancelled() and task.exception() is not None:
                log.warning("lasting_failed", what=lasting.name, error=type(task.exception()).__name__)
        if app.is_leader() and not running:
            running.append(asyncio.ensure_future(lasting.run()))
        elif running and not app.is_leader():
            running.pop().cancel()

    look.__name__ = look.__qualname__ = f"lead_{lasting.name}"
    app.timer(interval=LEADING_LOOKED_AT_S)(look)


def _read(app: Any, reader: Reader) -> None:
    topic = app.topic(
        reader.topic, value_type=bytes, key_type=bytes, value_serializer="raw", key_serializer="raw"
    )

    async def agent(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            await taken(reader, _message(event.message))

    agent.__name__ = agent.__qualname__ = reader.name
    app.agent(topic, name=reader.name)(agent)


async def taken(reader: Reader, message: Message) -> None:
    """Take one record, as often as it needs; returns when it is taken or set aside."""
    try:
        await _patiently(lambda: reader.take(message))
    except Exception as exc:  # noqa: BLE001 - one record must not stop those behind it, nor vanish
        log.warning("record_set_aside", reader=reader.name, error=type(exc).__name__)
        why = exc
        await _patiently(lambda: reader.set_aside(message, why))


async def _patiently(call: Callable[[], Awaitable[None]]) -> None:
    """Call it again as long as what it needs is away."""
    while True:
        try:
            return await call()
        except RetryLater as exc:
            await asyncio.sleep(exc.retry_after_s)


def _message(raw: Any) -> Message:
    headers = raw.headers or {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Message(raw.topic, raw.partition, raw.offset, raw.key, raw.value, dict(pairs))


def run_app(app: faust.App) -> None:
    """Run until SIGTERM or SIGINT, which end it within seconds. Raises ``StopWorker`` with what ended it otherwise."""
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None  # it would write a terminal's codes into the log
    try:
        worker.execute_from_commandline()
    except SystemExit as exc:  # Faust ends the process by itself, and keeps to itself why
        if exc.code:
            why = app.crash_reason or worker.crash_reason or exc.__context__
            raise StopWorker(f"the edge ended: {type(why).__name__}: {why}; it can be started again") from why
