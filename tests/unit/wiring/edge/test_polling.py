"""The driver: pages through the gate, then the cursor; what one vendor does stops its own stream at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from connectors.vendors.errors import VendorLimited
from connectors.vendors.http import VendorHttp
from connectors.vendors.port import Connection, Cursor, Gone, Hint, Page
from contracts.errors import WrongUsage
from tests.support.vendors.clock import FakeTime, quick_http
from tests.support.vendors.scripted import Scripted, Shelf, Took, page, said
from wiring.edge.draining import Drain, Polled
from wiring.edge.metrics import EdgeMetrics
from wiring.edge.polling import Poller


@dataclass
class Desk:
    """A poller of one scripted vendor, and what it works on."""

    vendor: Scripted
    gate: Took = field(default_factory=Took)
    shelf: Shelf = field(default_factory=Shelf)
    time: FakeTime = field(default_factory=FakeTime)
    told: list[Polled] = field(default_factory=list)
    names: tuple[str, ...] = ("acme",)

    def do(self, what: Callable[[Poller], Awaitable[Any]]) -> Any:
        time = self.time
        drain = Drain(self.gate, self.shelf, time.now, time.sleep, self.told.append, most_pages=50)
        connections = {name: Connection(name, "scripted", "acme") for name in self.names}

        async def go() -> Any:
            poller = Poller(
                connections,
                drain,
                lambda _c: self.vendor,
                lambda c: quick_http(c, time),
                time.clock,
                time.sleep,
            )
            try:
                return await what(poller)
            finally:
                await poller.close()

        return asyncio.run(go())

    def once(self) -> Sequence[Polled]:
        return self.do(lambda poller: poller.once())


def desk(*pages: Page | Exception, **more: Any) -> Desk:
    return Desk(Scripted({"s": lambda _since: pages}), **more)


def at(desk: Desk, stream: str = "s") -> Any:
    cursor = desk.shelf.read("acme", stream)
    return cursor and cursor.state["at"]


def test_every_page_is_durable_before_its_cursor_is_saved() -> None:
    told = desk(page(1, 2), page(3), RuntimeError("lost"))
    (polled,) = told.once()
    assert told.gate.ids == ["1", "2", "3"]
    assert at(told) == 3
    assert polled.failed == "defect: RuntimeError"


def test_a_page_that_the_journal_does_not_take_leaves_the_cursor_where_it_was() -> None:
    shut = desk(page(1), gate=Took(shut=10_000))
    (polled,) = shut.once()
    assert at(shut) is None
    assert "journal is away" in polled.failed


def test_a_journal_that_comes_back_gets_the_same_page() -> None:
    waiting = desk(page(1), gate=Took(shut=3))
    assert waiting.once()[0].whole
    assert waiting.gate.ids == ["1"]
    assert waiting.time.slept == [2.0, 2.0, 2.0]


def test_a_page_of_a_whole_list_goes_through_the_gate_in_bearable_pieces() -> None:
    whole = desk(page(*range(1, 12_001)), gate=Took(shut=1))
    (polled,) = whole.once()
    assert whole.gate.ids == [str(n) for n in range(1, 12_001)]
    assert (len(whole.gate.bulk), polled.counts.utterances, polled.counts.pages) == (3, 12_000, 1)
    assert at(whole) == 12_000


def test_a_page_without_a_cursor_saves_none() -> None:
    walk = desk(Page([said(9)], None), page(8, at=9))
    walk.once()
    assert [cursor.order for _, cursor in walk.shelf.log] == [(9,)]


def test_a_hint_is_fetched_and_what_it_brings_is_taken_in_its_place() -> None:
    hinting = desk(Page([Hint("ticket", "7"), Gone("5", "deleted")], Cursor({"at": 7}, (7,))))
    hinting.vendor.knows["7"] = [said(7)]
    (polled,) = hinting.once()
    assert hinting.gate.ids == ["7", "5"]
    assert (polled.counts.utterances, polled.counts.gone) == (1, 1)


def test_hints_of_webhooks_are_fetched_once_each_and_one_that_fails_is_left_to_the_poll() -> None:
    hinted = desk()
    hinted.vendor.knows["7"] = [said(7)]

    async def go(poller: Poller) -> None:
        for record in ("7", "unknown", "7"):
            poller.hinted(poller.connections["acme"], Hint("ticket", record))
        await poller.fetch_hinted()

    hinted.do(go)
    assert hinted.gate.ids == ["7"]


def test_one_failing_stream_stops_no_other() -> None:
    two = Desk(Scripted({"bad": lambda _s: [KeyError("text")], "good": lambda _s: [page(1)]}))
    bad, good = two.once()
    assert (bad.failed, good.whole) == ("defect: KeyError", True)
    assert two.gate.ids == ["1"]


def test_a_vendor_that_asks_for_a_pause_is_not_asked_before() -> None:
    limited = desk(VendorLimited("its quota is used up", asked_s=600.0))

    async def go(poller: Poller) -> list[int]:
        ran = [len(await poller.once()), len(await poller.once())]
        limited.time.at_s += 601
        return [*ran, len(await poller.once())]

    assert limited.do(go) == [1, 0, 1]


def test_what_each_page_brought_is_told() -> None:
    told = desk(page(1, 2), page(3))
    told.once()
    assert [(one.connection, one.stream, one.counts.utterances) for one in told.told] == [
        ("acme", "s", 2),
        ("acme", "s", 1),
    ]


def test_a_poll_that_ended_early_is_counted_with_what_went_wrong() -> None:
    registry = CollectorRegistry()
    metrics = EdgeMetrics(registry)
    told = desk(page(5), page(5), page(3), VendorLimited("later", asked_s=1.0))
    told.once()
    for one in told.told:
        metrics.polled(one)
    name, vendor = "undercurrent_poll_troubles_total", "scripted"
    counted = {
        trouble: registry.get_sample_value(name, {"vendor": vendor, "trouble": trouble})
        for trouble in ("failed", "looped", "repeat", "kept_cursor")
    }
    assert counted == {"failed": 1, "looped": 0, "repeat": 1, "kept_cursor": 1}
    said = registry.get_sample_value(
        "undercurrent_poll_records_total", {"vendor": vendor, "kind": "utterance"}
    )
    assert said == 2


def test_a_backfill_has_cursors_of_its_own_and_goes_on_where_it_ended() -> None:
    asked: list[Cursor | None] = []

    def pages(since: Cursor | None) -> Sequence[Page | Exception]:
        asked.append(since)
        return [page(1)] if since else [page(1), VendorLimited("later", asked_s=1.0)]

    history = Desk(Scripted({"s": pages}))
    for _ in range(2):
        history.do(lambda poller: poller.backfill(date(2024, 1, 1)))
    assert [since and since.order for since in asked] == [None, (1,)]
    assert at(history) is None
    assert history.shelf.kept == {}
    assert history.gate.bulk == [True, True]


def test_history_that_owes_a_record_is_not_whole_and_keeps_its_cursor() -> None:
    owing = replace(page(1), owed=2)
    history = Desk(Scripted({"s": lambda since: [page(2)] if since else [owing]}))
    ((first,), (second,)) = (history.do(lambda poller: poller.backfill(date(2024, 1, 1))) for _ in range(2))
    assert (first.whole, first.owed, second.whole, history.shelf.kept) == (False, 2, True, {})
    registry = CollectorRegistry()
    EdgeMetrics(registry).polled(history.told[0])
    owed = {"vendor": "scripted", "trouble": "owed"}
    assert registry.get_sample_value("undercurrent_poll_troubles_total", owed) == 1


def test_for_ever_polls_again_and_fetches_hints_until_it_is_cancelled() -> None:
    busy = desk(page(1))
    busy.vendor.knows["7"] = [said(7)]

    async def go(poller: Poller) -> None:
        task = asyncio.create_task(poller.forever(10.0))
        poller.hinted(poller.connections["acme"], Hint("ticket", "7"))
        while busy.gate.ids.count("1") < 3 or "7" not in busy.gate.ids:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    busy.do(go)
    assert 10.0 in busy.time.slept


def test_streams_are_spread_over_the_time_between_two_polls() -> None:
    many = Desk(Scripted({name: lambda _since: [page(1)] for name in "abcd"}))

    async def go(poller: Poller) -> None:
        task = asyncio.create_task(poller.forever(60.0))
        until = time.monotonic() + 10
        while not {15.0, 30.0, 45.0, 60.0} <= set(many.time.slept) and time.monotonic() < until:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    many.do(go)
    assert {15.0, 30.0, 45.0, 60.0} <= set(many.time.slept)


def test_a_connection_that_nothing_can_be_asked_with_stops_no_other() -> None:
    both = Desk(Scripted({"s": lambda _since: [page(1)]}), names=("odd", "acme"))

    async def go(poller: Poller) -> Sequence[Polled]:
        ask = poller.open_http

        def opened(connection: Connection) -> VendorHttp:
            if connection.name == "odd":
                raise WrongUsage("connection odd: allow_private_hosts is a list of host names")
            return ask(connection)

        poller.open_http = opened
        return await poller.once()

    acme, odd = both.do(go)
    assert "list of host names" in odd.failed
    assert (acme.failed, both.gate.ids) == ("", ["1"])


def test_a_connection_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(WrongUsage, match="known: acme"):
        desk().do(lambda poller: poller.once(["acne"]))


def test_a_hint_that_meets_a_defect_ends_the_polls_of_nobody() -> None:
    busy = desk(page(1))

    async def go(poller: Poller) -> None:
        async def fails(*_: object) -> None:
            raise RecursionError

        busy.vendor.fetch = fails  # type: ignore[method-assign,assignment]
        task = asyncio.create_task(poller.forever(10.0))
        poller.hinted(poller.connections["acme"], Hint("ticket", "7"))
        until = time.monotonic() + 10
        while busy.gate.ids.count("1") <= 2 and time.monotonic() < until:
            await asyncio.sleep(0.001)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    busy.do(go)
    assert busy.gate.ids.count("1") > 2
