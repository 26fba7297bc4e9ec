"""Poll a simulated vendor with the real driver, client and store, until it has nothing new to say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.store.cursors import CursorStore
from connectors.store.engine import open_store, sqlite_url
from connectors.store.parts import PartStore
from connectors.vendors.http import Patience
from connectors.vendors.port import Connection, Cursor
from tests.support.vendors.case import VendorCase
from tests.support.vendors.clock import FakeTime, quick_http
from tests.support.vendors.world import Ledger
from wiring.edge.draining import Drain, Polled
from wiring.edge.families import Families
from wiring.edge.polling import Poller


class Witness(CursorStore):
    """The real store; ``saved`` holds every cursor that moved, by stream."""

    saved: dict[str, list[Cursor]]

    def save(self, connection: str, stream: str, cursor: Cursor, now: datetime) -> bool:
        moved = super().save(connection, stream, cursor, now)
        if moved:
            self.saved.setdefault(stream, []).append(cursor)
        return moved


@dataclass
class Polls:
    """One connection to one simulation. ``ledger`` holds what the journal would."""

    case: VendorCase
    server: Any
    folder: Path
    ledger: Ledger = field(default_factory=Ledger)
    time: FakeTime = field(default_factory=FakeTime)
    patience: Patience = field(default_factory=Patience)
    options: dict[str, Any] = field(default_factory=dict)
    saved: dict[str, list[Cursor]] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        return self.case.connection(self.server.url, **self.options)

    def once(self, times: int = 1, after_s: float = 60.0) -> Sequence[Polled]:
        """Poll ``times`` times, each after some time has passed; how the last one went."""
        return asyncio.run(self._once(times, after_s))

    async def _once(self, times: int, after_s: float) -> Sequence[Polled]:
        engine = open_store(sqlite_url(self.folder / "edge.sqlite3"))
        cursors = Witness(engine)
        object.__setattr__(cursors, "saved", self.saved)
        connection = self.connection
        gate = Families(self.ledger, PartStore(engine))
        drain = Drain(gate, cursors, self.time.now, self.time.sleep, most_pages=3_000)
        poller = Poller(
            {connection.name: connection},
            drain,
            lambda _connection: self.case.vendor,
            lambda one: quick_http(one, self.time, self.patience),
            self.time.clock,
            self.time.sleep,
        )
        polled: Sequence[Polled] = ()
        for _ in range(times):
            self.time.at_s += after_s
            polled = await poller.once()
        await poller.close()
        gate.close()
        engine.dispose()
        return polled

    def until_quiet(self, most: int = 60) -> int:
        """Poll until every stream was drained whole, twice in a row; how many polls that took."""
        quiet = 0
        for n in range(1, most + 1):
            whole = all(one.whole for one in self.once(after_s=600.0))
            quiet = quiet + 1 if whole else 0
            if quiet == 2:
                return n
        raise AssertionError(f"{self.case.name} is not drained after {most} polls")

    def cursors_are_monotone(self) -> bool:
        """Whether no cursor went back."""
        orders = [[cursor.order for cursor in stream] for stream in self.saved.values()]
        return all(stream == sorted(stream) for stream in orders)
