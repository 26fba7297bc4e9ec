"""Dispatch in the edge's process: a record becomes an issue once, and what cannot be taken a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from prometheus_client import CollectorRegistry

from connectors.faust.app import Message
from connectors.jsonl.log import read_log
from connectors.kafka.names import Naming
from connectors.store.engine import open_store
from contracts.errors import RejectItem
from contracts.registry import read_record, write_record
from tests.support.dispatching import Site, issue_record
from tests.support.trackers.linear import LinearSite
from tests.support.trackers.server import Scripted
from wiring.dispatch.destinations import read_destinations
from wiring.edge.dispatching import Dispatching
from wiring.edge.opening import embedded_gate, now_utc
from wiring.edge.quotas import Quota


def message(value: bytes | None, key: bytes = b"acme:issue-1") -> Message:
    return Message("undercurrent.linear.v1", 0, 7, key, value, {})


def dispatched(folder: Path, url: str, work: Callable[[Dispatching], Awaitable[None]]) -> None:
    told = read_destinations(Site(folder).linear(url).file)
    store = open_store(Site(folder).url)

    async def run() -> None:
        with embedded_gate(folder, 1, Quota()) as gate:
            one = Dispatching(told, store, folder / "keys", CollectorRegistry(), gate, now_utc)
            await work(one)
            await one.close()

    asyncio.run(run())
    store.dispose()


def test_a_record_that_comes_twice_is_one_issue_at_linear(tmp_path: Path) -> None:
    site = LinearSite()

    async def work(one: Dispatching) -> None:
        linear, _alerts = one.readers(Naming())
        for _ in range(2):
            await linear.take(message(write_record(issue_record())))
        await one.timer().turn()

    with Scripted(site).running() as server:
        dispatched(tmp_path, f"{server.url}/graphql", work)
    assert len(site.issues) == 1


def test_what_cannot_be_taken_is_a_dead_letter_of_its_tenant(tmp_path: Path) -> None:
    async def work(one: Dispatching) -> None:
        linear, _alerts = one.readers(Naming())
        await linear.take(message(None))
        try:
            await linear.take(message(b"{}"))
        except RejectItem as exc:
            await linear.set_aside(message(b"{}"), exc)

    dispatched(tmp_path, "http://127.0.0.1:1/graphql", work)
    (line,) = read_log(tmp_path / "logs" / "journal", 0)
    letter = read_record("journal", line.data)
    assert (letter.tenant, letter.source) == ("acme", "dispatch")  # type: ignore[attr-defined]
    assert letter.unreadable.startswith("not dispatched: not a record of linear")  # type: ignore[attr-defined]
