"""A clock that only sleeping moves, and a client whose waits cost no time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from connectors.vendors.http import Patience, VendorHttp, open_http
from connectors.vendors.port import Connection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeTime:
    """Seconds since the start of a test."""

    at_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.at_s

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at_s)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds
        await asyncio.sleep(0)


def quick_http(
    connection: Connection, time: FakeTime | None = None, patience: Patience | None = None
) -> VendorHttp:
    """The real client with such a clock; close its ``client``."""
    http, time = open_http(connection, patience), time or FakeTime()
    http.clock, http.now, http.sleep, http.rng = time.clock, time.now, time.sleep, Random(7)
    return http
