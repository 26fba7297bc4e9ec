"""When which stream of which connection is polled, and what hints name is fetched.

In:    connections, hints of webhooks.      Out: ``draining`` does it.
State: in memory: until when a vendor wants no request; hints that wait. Cursors are in the store.

A hint that is lost costs nothing but time: the next poll finds what it was about. One failing stream never stops
another. Every stream has one drain at a time in this process; several processes only repeat each other's work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date

import structlog

from connectors.vendors.http import Patience, VendorHttp, open_http
from connectors.vendors.port import Connection, Hint, Vendor
from contracts.errors import RetryLater, WrongUsage
from wiring.edge.draining import Counts, Drain, Polled, Stream
from wiring.edge.vendors import vendor_of

log = structlog.get_logger()

MOST_HINTS = 10_000
"""Hints that wait; more are dropped, and the next poll finds what they were about."""

HINT_S = 0.2
"""How often hints are looked for."""

HINT_PATIENCE = Patience(tries=2, attempt_s=5.0, deadline_s=10.0)
"""Who sends a hint is fast or is left to the poll."""

BACKFILL = "backfill"


@dataclass
class Poller:
    """Polls connections; for one event loop. ``clock`` is in seconds and never goes back.

    ``vendor`` finds a connection's vendor, ``open_http`` opens its client, which ``close`` closes.
    """

    connections: Mapping[str, Connection]
    drain: Drain
    vendor: Callable[[Connection], Vendor] = vendor_of
    open_http: Callable[[Connection], VendorHttp] = open_http
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dropped_hints: int = 0
    _https: dict[str, VendorHttp] = field(default_factory=dict)
    _free_at: dict[tuple[str, str], float] = field(default_factory=dict)
    _busy: set[tuple[str, str]] = field(default_factory=set)
    _hints: dict[tuple[str, Hint], None] = field(default_factory=dict)

    async def once(self, names: Sequence[str] = ()) -> Sequence[Polled]:
        """Drain every stream of the connections that are named (none: all), side by side.

        Streams whose vendor asked for a pause, and those being drained, are left out. Raises ``WrongUsage``.
        """
        streams = [stream for name in self._known(names) for stream in self._streams(name)]
        return await asyncio.gather(*(self._drained(one) for one in streams if self._may_run(one)))

    async def backfill(self, since: date, names: Sequence[str] = ()) -> Sequence[Polled]:
        """Read everything from ``since`` on, into the bulk lane; the live cursors stay as they are.

        Its own cursors make it resumable: the same call goes on where the last one ended. When a stream is whole its
        cursor is forgotten.
        """
        streams = [self._from(since, stream) for name in self._known(names) for stream in self._streams(name)]
        done = await asyncio.gather(*(self._drained(one) for one in streams))
        for stream, polled in zip(streams, done, strict=True):
            if polled.whole:
                forget = self.drain.cursors.forget
                await asyncio.to_thread(forget, stream.connection.name, stream.kept_as)
        return done

    async def forever(self, every_s: float, names: Sequence[str] = ()) -> None:
        """Drain again ``every_s`` seconds after the last drain of a stream ended, and fetch hints; until cancelled.

        All are drained at once; after that they are spread over the time, so that webhooks do not wait for all of them.
        """
        streams = [stream for name in self._known(names) for stream in self._streams(name)]
        async with asyncio.TaskGroup() as group:
            for place, stream in enumerate(streams, 1):
                group.create_task(self._again_and_again(stream, every_s, every_s * place / len(streams)))
            group.create_task(self._fetch_for_ever())

    def hinted(self, connection: Connection, hint: Hint) -> None:
        """Remember to fetch what a webhook named; returns at once."""
        if len(self._hints) >= MOST_HINTS:
            self.dropped_hints += 1
            return
        self._hints[connection.name, hint] = None

    async def fetch_hinted(self) -> Counts:
        """Fetch what was hinted at so far, each record once; a vendor that is slow holds up no other's for long."""
        waiting, self._hints = self._hints, {}
        hints: dict[str, list[Hint]] = {}
        for name, hint in waiting:
            hints.setdefault(name, []).append(hint)
        brought = await asyncio.gather(*(self._fetched(name, some) for name, some in hints.items()))
        return sum(brought, Counts())

    async def close(self) -> None:
        """Close every client."""
        async with AsyncExitStack() as stack:
            for http in self._https.values():
                stack.push_async_callback(http.client.aclose)
        self._https.clear()

    async def _fetched(self, name: str, hints: Sequence[Hint]) -> Counts:
        """What one connection's hints bring; after the first that fails the others are left to the poll, too."""
        connection = self.connections[name]
        stream = Stream(connection, self.vendor(connection), "hints", "hints")
        brought = Counts()
        for hint in hints:
            try:
                http = replace(self._http(connection), patience=HINT_PATIENCE)
                brought += await self.drain.fetch(stream, http, hint)
            except RetryLater as exc:
                log.warning("hints_left_to_the_poll", connection=name, why=type(exc).__name__)
                return brought
            # An answer that the vendor does not document, which the poll will tell of too: whatever it raises here
            # would end the polls of all connections.
            except Exception as exc:  # noqa: BLE001
                log.warning("hint_left_to_the_poll", connection=name, kind=hint.kind, why=type(exc).__name__)
        return brought

    def _known(self, names: Sequence[str]) -> Sequence[str]:
        for name in names:
            if name not in self.connections:
                known = ", ".join(sorted(self.connections)) or "none"
                raise WrongUsage(f"no connection is called {name}; known: {known}")
        return names or sorted(self.connections)

    def _streams(self, name: str) -> Sequence[Stream]:
        connection = self.connections[name]
        vendor = self.vendor(connection)
        return [Stream(connection, vendor, stream, stream) for stream in vendor.streams]

    @staticmethod
    def _from(since: date, stream: Stream) -> Stream:
        options = {**stream.connection.options, "start": since.isoformat()}
        return replace(
            stream,
            connection=replace(stream.connection, options=options),
            kept_as=f"{BACKFILL}:{since.isoformat()}:{stream.name}",
            bulk=True,
        )

    def _may_run(self, stream: Stream) -> bool:
        key = stream.connection.name, stream.kept_as
        return key not in self._busy and self._free_at.get(key, 0.0) <= self.clock()

    async def _drained(self, stream: Stream) -> Polled:
        key = stream.connection.name, stream.kept_as
        self._busy.add(key)
        try:
            polled = await self._run(stream)
        finally:
            self._busy.discard(key)
        self._free_at[key] = self.clock() + polled.wait_s
        return polled

    async def _run(self, stream: Stream) -> Polled:
        try:
            http = self._http(stream.connection)
        except WrongUsage as exc:  # an option that no client can be made of stops its own connection alone
            return self.drain.not_begun(stream, str(exc))
        return await self.drain.run(stream, http)

    async def _again_and_again(self, stream: Stream, every_s: float, first_s: float) -> None:
        pause_s = first_s
        while True:
            polled = await self._drained(stream)
            await self.sleep(max(pause_s, polled.wait_s))
            pause_s = every_s

    async def _fetch_for_ever(self) -> None:
        while True:
            await self.fetch_hinted()
            await self.sleep(HINT_S)

    def _http(self, connection: Connection) -> VendorHttp:
        if connection.name not in self._https:
            self._https[connection.name] = self.open_http(connection)
        return self._https[connection.name]
