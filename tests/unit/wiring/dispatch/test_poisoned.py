"""One row that nobody can open any more holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.store.tables import outbox
from tests.support.dispatching import NOW, Desk, Site, issue_record
from tests.support.trackers.linear import LinearSite, linear
from tests.support.withdrawing import ANN, quoting, taken_back
from wiring.dispatch.previewing import waiting
from wiring.dispatch.withdrawals import withdraw

pytestmark = pytest.mark.lengthy


@pytest.fixture
def there() -> LinearSite:
    return LinearSite()


@pytest.fixture
def site(there: LinearSite, tmp_path: Path) -> Iterator[Site]:
    with linear(there).running() as server:
        yield Site(tmp_path).linear(server.url)


def spoil(desk: Desk, record_id: str) -> None:
    """Its payload is another tenant's: as good as a destroyed key."""
    row = next(one for one in desk.rows() if one.record_id == record_id)
    spoiled = (row.payload or "").replace('"ciphertext":"', '"ciphertext":"AAAA')
    with desk.dispatcher.stores.outbox.engine.begin() as store:
        store.execute(update(outbox).where(outbox.c.id == row.id).values(payload=spoiled))


def test_quotes_whose_time_is_over_go_also_where_one_payload_cannot_be_opened(
    site: Site, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2))
        spoil(desk, "0-1-priority-0")
        await desk.deliver(timedelta(days=8))
        assert [row.state for row in desk.rows() if row.record_id == "0-1-priority-0"] == ["manual"]
        assert [row.record_id for row in desk.rows() if row.has_quotes] == ["0-1-priority-0"]

    site.run(work)
    assert len(there.issues) == 1


def test_a_record_of_the_end_of_the_calendar_becomes_a_row(site: Site) -> None:
    end = datetime.max.replace(tzinfo=UTC)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1, event_time=end, ingested_at=end), issue_record(2))
        assert len(desk.rows()) == 2

    site.run(work)


def test_a_dry_run_shows_what_others_would_send_where_one_payload_cannot_be_opened(site: Site) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2))
        spoil(desk, "0-1-priority-0")
        opened, stores = desk.dispatcher.opened, desk.dispatcher.stores
        spoiled, shown = sorted(
            waiting(desk.rows(), opened, stores, NOW), key=lambda one: one.effect.record_id
        )
        assert (spoiled.would, "does not open" in spoiled.effect.reason) == (None, True)
        assert "It hurts" in str(shown.would)

    site.run(work)


def test_a_withdrawal_is_carried_out_where_one_payload_cannot_be_opened(site: Site) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(quoting(n=1), quoting(n=2))
        spoil(desk, next(row.record_id for row in desk.rows()))
        await desk.take(taken_back(at=1000, subject=ANN))
        assert sum(row.verb == "withdraw" for row in desk.rows()) == 2

    site.run(lambda desk: asyncio.wait_for(work(desk), 20))


@pytest.mark.parametrize("payload", ["no JSON", '{"subject": "tenant"}', "{}"])
def test_what_is_no_payload_at_all_holds_up_no_quotes_of_others(site: Site, payload: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2))
        with desk.dispatcher.stores.outbox.engine.begin() as store:
            first = outbox.c.record_id == "0-1-priority-0"
            store.execute(update(outbox).where(first).values(payload=payload, state="manual"))
        await desk.deliver(timedelta(days=8))
        assert [row.record_id for row in desk.rows() if row.has_quotes] == ["0-1-priority-0"]

    site.run(work)


def test_rows_that_do_not_open_hold_up_no_withdrawal_from_others(site: Site) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*(quoting(n=n) for n in range(1, 5)))
        rows = sorted(desk.rows(), key=lambda row: row.id)
        for row in rows[:3]:
            spoil(desk, row.record_id)
        stores, opened = desk.dispatcher.stores, desk.dispatcher.opened
        withdraw(taken_back(at=1000, subject=ANN), opened.destinations, stores, NOW)
        assert stores.evidence.strip(lambda row, _: stores.envelopes.without_quotes(row), most=2) == 1

    site.run(work)
