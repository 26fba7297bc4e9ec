"""The edge's process on a real broker: accepted is durable, one process leads, and a broker that is away is told of."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors.kafka.names import Naming
from contracts.identity import partition
from tests.support.broker import fresh_naming, make_topics
from tests.support.edge import said, signed
from tests.support.edge_worker import PARTITIONS
from tests.support.kafka_parts import put, stored
from wiring.kafka.properties import free_port
from wiring.kafka.server import LocalBroker

pytestmark = pytest.mark.alone

REQUESTS = 200


class Process:
    """An edge in a process of its own; ``said`` is what it has printed."""

    def __init__(self, broker: LocalBroker, naming: Naming, data: Path) -> None:
        self.port = free_port()  # not one that a connection of ours may get before the process is up
        data.mkdir(exist_ok=True)
        self._out = data / "out.txt"
        argv = [sys.executable, "-m", "tests.support.edge_worker", broker.bootstrap, naming.prefix, str(data)]
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [*argv, str(self.port)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, PYTHONPATH="."),
            )

    def said(self) -> list[str]:
        return self._out.read_text().splitlines()

    def wait_for(self, line: str, within_s: float = 90.0) -> None:
        until = time.monotonic() + within_s
        while line not in self.said():
            assert self.process.poll() is None, self.said()[-20:]
            assert time.monotonic() < until, (line, self.said()[-20:])
            time.sleep(0.1)

    def post(self, record: str, tenant: int = 0, timeout: float = 20.0) -> httpx.Response:
        return asyncio.run(self._post(record, tenant, timeout))

    async def _post(self, record: str, tenant: int, timeout: float) -> httpx.Response:
        async with httpx.AsyncClient(timeout=timeout) as client:
            return await self.send(client, record, tenant)

    async def send(self, client: httpx.AsyncClient, record: str, tenant: int) -> httpx.Response:
        headers = signed(said(record), at=datetime.now(UTC), delivery=record)
        return await client.post(
            f"http://127.0.0.1:{self.port}/webhooks/desk/t{tenant}-desk",
            content=said(record),
            headers=headers,
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def running(broker: LocalBroker, naming: Naming, data: Path) -> Iterator[Process]:
    one = Process(broker, naming, data)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(10)


@pytest.fixture
def topics(own_broker: LocalBroker) -> Naming:
    naming = fresh_naming()
    names = [naming.journal, naming.topic("bulk"), naming.public("linear")]
    make_topics(own_broker.cluster, names, PARTITIONS)
    return naming


def journal_of(broker: LocalBroker, naming: Naming) -> list[list[bytes | None]]:
    return [[value for _id, value in stored(broker.cluster, naming.journal, p)] for p in range(PARTITIONS)]


def test_the_edge_on_a_broker_that_comes_and_goes(
    own_broker: LocalBroker, topics: Naming, tmp_path: Path
) -> None:
    put(own_broker.cluster, topics.public("linear"), 0, [b"one", b"bad", b"two"])
    with running(own_broker, topics, tmp_path / "a") as edge:
        for line in ("polled", "took 0", "aside 1", "took 2"):
            edge.wait_for(line)

        async def many() -> list[int]:
            async with httpx.AsyncClient(timeout=20) as client:
                sent = (edge.send(client, f"r{n}", n % 20) for n in range(REQUESTS))
                return [answer.status_code for answer in await asyncio.gather(*sent)]

        assert set(asyncio.run(many())) == {200}
        there = journal_of(own_broker, topics)
        assert sum(map(len, there)) == REQUESTS
        assert all(
            f'"t{n}"'.encode() in b"".join(filter(None, there[partition(f"t{n}", PARTITIONS)]))
            for n in range(20)
        )

        own_broker.pause()
        began = time.monotonic()
        away = edge.post("later")
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert time.monotonic() - began < 10
        own_broker.resume()
        until = time.monotonic() + 30
        while (status := edge.post("later").status_code) != 200 and time.monotonic() < until:
            time.sleep(0.5)
        assert status == 200
        assert edge.stop() == 0
