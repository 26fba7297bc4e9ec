"""Dispatch in the edge's process: agents that take records of ``linear`` and ``alerts``, and a timer that delivers.

The same as ``undercurrent dispatch`` does by itself: both write to one outbox, where a record makes one row. What an
agent cannot take goes to the journal as unreadable, and so to the dead letters, sealed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from connectors.faust.app import Message, Reader, Timer
from connectors.kafka.names import Naming
from connectors.vendors.port import Connection, Unreadable
from contracts.errors import RejectItem
from contracts.registry import read_record
from wiring.dispatch.destinations import Destinations
from wiring.dispatch.dispatcher import Dispatcher
from wiring.dispatch.feeding import TOPICS
from wiring.dispatch.opening import open_dispatcher
from wiring.edge.draining import Gate

DELIVER_EVERY_S = 0.5
SOURCE = "dispatch"
"""The source of dead letters of records that could not be dispatched."""


@dataclass
class Dispatching:
    """Opens its dispatcher with the first record or turn, in the event loop that it then belongs to."""

    told: Destinations
    store: Engine
    keys: Path
    registry: CollectorRegistry
    gate: Gate
    now: Callable[[], datetime]
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _opened: Dispatcher | None = None

    def readers(self, naming: Naming) -> tuple[Reader, ...]:
        """An agent for each topic."""
        return tuple(self._reader(naming, topic) for topic in TOPICS)

    def timer(self) -> Timer:
        """Delivers what is due; every process may, because rows are leased."""
        return Timer("deliver_due", DELIVER_EVERY_S, self._deliver)

    async def close(self) -> None:
        """Let go of clients and keys."""
        await self._open.aclose()

    def _reader(self, naming: Naming, topic: str) -> Reader:
        async def take(message: Message) -> None:
            if message.value is not None:
                await (await self._dispatcher()).take(read_record(topic, message.value))

        return Reader(f"dispatch_{topic}", naming.public(topic), take, self._set_aside)

    async def _deliver(self) -> None:
        await (await self._dispatcher()).deliver_due(self.now())

    async def _set_aside(self, message: Message, error: Exception) -> None:
        why = str(error) if isinstance(error, RejectItem) else f"defect: {type(error).__name__}"
        place = f"{message.topic}/{message.partition}/{message.offset}"
        tenant = (message.key or b"").decode("utf-8", "replace").partition(":")[0]
        unreadable = Unreadable(place, message.value or b"", f"not dispatched: {why}")
        await self.gate.accept(Connection(SOURCE, SOURCE, tenant), [unreadable])

    async def _dispatcher(self) -> Dispatcher:
        async with self._opening:
            if self._opened is None:
                opening = open_dispatcher(self.told, self.store, self.keys, self.registry)
                self._opened = await self._open.enter_async_context(opening)
            return self._opened
