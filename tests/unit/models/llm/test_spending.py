"""Spending is set aside before and settled after; caps, alerts and the forecast go by what is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.llm.spend_store import SqliteSpendStore
from contracts.errors import WrongUsage
from models.llm.base import Usage
from models.llm.errors import Busy, CapReached, Unreadable
from models.llm.metered import MeteredProvider
from models.llm.prices import load_prices
from models.llm.spending import Caps, Ledger
from tests.support.llm import DAY, Scripted, a_call, a_reply, busy

CAPS = Caps(monthly_micro=1000, daily_micro=400)
PRICES = load_prices(own=["compatible"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteSpendStore]:
    opened = SqliteSpendStore(tmp_path / "spending.sqlite3")
    yield opened
    opened.close()


def ledger(store: SqliteSpendStore, caps: Caps = CAPS) -> Ledger:
    return Ledger(store, lambda _tenant: caps)


def spend(book: Ledger, micro: int, day: date = DAY, tenant: str = "acme") -> None:
    book.settle(book.reserve(tenant, day, micro), micro)


def test_what_is_settled_takes_the_place_of_what_was_reserved(store: SqliteSpendStore) -> None:
    book = ledger(store)
    number = book.reserve("acme", DAY, 300)
    assert book.standing("acme", DAY).day_micro == 300
    book.settle(number, 120)
    book.settle(number, 120)
    assert book.standing("acme", DAY).day_micro == 120


def test_a_cap_is_refused_before_it_is_passed_and_may_be_met_exactly(store: SqliteSpendStore) -> None:
    book = ledger(store)
    spend(book, 400)
    with pytest.raises(CapReached) as caught:
        book.reserve("acme", DAY, 1)
    assert (caught.value.period, caught.value.until) == ("day", DAY + timedelta(days=1))


def test_a_months_cap_ends_with_the_month(store: SqliteSpendStore) -> None:
    book = ledger(store)
    for back, micro in ((3, 400), (2, 400), (1, 200)):
        spend(book, micro, DAY - timedelta(days=back))
    with pytest.raises(CapReached) as caught:
        book.reserve("acme", DAY, 1)
    assert (caught.value.period, caught.value.until) == ("month", date(2026, 4, 1))
    spend(book, 400, date(2026, 4, 1))


def test_the_last_month_of_a_year_is_followed_by_a_year(store: SqliteSpendStore) -> None:
    with pytest.raises(CapReached, match="on from 2027-01-01"):
        ledger(store, Caps(monthly_micro=0)).reserve("acme", date(2026, 12, 31), 1)


def test_tenants_have_caps_of_their_own(store: SqliteSpendStore) -> None:
    book = ledger(store)
    spend(book, 400)
    spend(book, 400, tenant="other")
    assert book.standing("acme", DAY).day_micro == 400


@pytest.mark.parametrize(
    ("micro", "state"), [(0, "ok"), (799, "ok"), (800, "alert"), (999, "alert"), (1000, "reached")]
)
def test_people_are_told_from_eighty_percent_on(store: SqliteSpendStore, micro: int, state: str) -> None:
    book = ledger(store, Caps(monthly_micro=1000))
    spend(book, micro)
    assert book.standing("acme", DAY).state == state


def test_a_days_cap_alerts_too(store: SqliteSpendStore) -> None:
    book = ledger(store)
    spend(book, 320)
    assert (book.standing("acme", DAY).state, book.standing("acme", DAY).left_micro) == ("alert", 80)


@pytest.mark.parametrize(
    ("spent", "forecast"),
    [
        ({}, 0),
        # Today alone: it is taken for every day of the 21 that are left of March.
        ({0: 10}, 10 + 21 * 10),
        # The mean of the days before, the first with spending on: (30 + 0 + 30) / 3.
        ({3: 30, 1: 30}, 60 + 21 * 20),
        # Today is more than the mean already.
        ({1: 10, 0: 50}, 60 + 21 * 50),
        # What is longer ago than a week, and another month's, counts for nothing.
        ({12: 500}, 0),
    ],
)
def test_the_forecast_goes_by_the_last_week(
    store: SqliteSpendStore, spent: dict[int, int], forecast: int
) -> None:
    book = ledger(store, Caps(monthly_micro=10_000))
    for back, micro in spent.items():
        spend(book, micro, DAY - timedelta(days=back))
    assert book.standing("acme", DAY).forecast_micro == forecast


def test_it_is_told_in_time_that_the_cap_will_be_reached(store: SqliteSpendStore) -> None:
    book = ledger(store, Caps(monthly_micro=1000))
    spend(book, 100)
    standing = book.standing("acme", DAY)
    assert (standing.state, standing.will_reach) == ("ok", True)


def metered(
    scripted: Scripted, store: SqliteSpendStore, caps: Caps | None = None
) -> tuple[MeteredProvider, Ledger]:
    book = ledger(store, caps or Caps())
    return MeteredProvider(scripted, book, PRICES), book


def test_an_answer_is_paid_and_tells_its_price(store: SqliteSpendStore) -> None:
    provider, book = metered(Scripted([a_reply()]), store)
    assert provider.ask(a_call()).cost_micro == 85
    assert book.standing("acme", DAY).day_micro == 85


def test_an_answer_of_unknown_price_counts_in_full(store: SqliteSpendStore) -> None:
    provider, book = metered(Scripted([a_reply(usage=Usage())]), store)
    assert provider.ask(a_call()).cost_micro is None
    assert book.standing("acme", DAY).day_micro == PRICES.most_micro("openai", "gpt-5-mini", a_call())


@pytest.mark.parametrize(
    ("failure", "share"),
    [
        (busy(), 0),
        (Busy("timed out", provider="openai", maybe_billed=True), 1),
        (Unreadable("2 MB", provider="openai", maybe_billed=True), 1),
    ],
)
def test_an_attempt_that_may_have_been_served_counts_in_full(
    store: SqliteSpendStore, failure: Busy | Unreadable, share: int
) -> None:
    provider, book = metered(Scripted([failure]), store)
    with pytest.raises((Busy, Unreadable)):
        provider.ask(a_call())
    most = PRICES.most_micro("openai", "gpt-5-mini", a_call())
    assert book.standing("acme", DAY).day_micro == share * most


def test_usage_that_a_failure_told_is_paid(store: SqliteSpendStore) -> None:
    provider, book = metered(Scripted([busy(usage=Usage(100, 0, 30), maybe_billed=True)]), store)
    with pytest.raises(Busy):
        provider.ask(a_call())
    assert book.standing("acme", DAY).day_micro == 85


def test_nothing_is_asked_that_could_overstep_a_cap(store: SqliteSpendStore) -> None:
    scripted = Scripted([a_reply()])
    provider, _book = metered(scripted, store, Caps(monthly_micro=100))
    with pytest.raises(CapReached):
        provider.ask(a_call())
    assert scripted.asked == []


def test_a_server_of_ones_own_is_asked_whatever_is_spent(store: SqliteSpendStore) -> None:
    scripted = Scripted([a_reply("compatible", "llama")], name="compatible", model="llama")
    provider, _book = metered(scripted, store, Caps(monthly_micro=0))
    assert provider.ask(a_call()).cost_micro == 0


@pytest.mark.parametrize("missing", [{"tenant": ""}, {"day": None}])
def test_nobody_pays_for_a_call_without_tenant_and_day(
    store: SqliteSpendStore, missing: dict[str, object]
) -> None:
    provider, _book = metered(Scripted([a_reply()]), store)
    with pytest.raises(WrongUsage, match="tenant and day"):
        provider.ask(a_call(**missing))
