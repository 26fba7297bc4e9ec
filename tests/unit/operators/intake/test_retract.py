"""Intake: a source deletes what it said, before or after it is known, once or again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.commands import RetractItem
from contracts.diversions import Receipt
from contracts.identity import item_id
from contracts.stages import Assignment, RedactedItem
from tests.support.steps import NOON, TOXIC, Journey

A, B = "The export to CSV is broken.", "The login page never opens."


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    yield journey
    journey.vault.close()


def retract(journey: Journey, minutes: int | None = None, record: str = "r1", tenant: str = "acme") -> None:
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    item = item_id(tenant, "tickets", record)
    journey.order(RetractItem(item_id=item, source="tickets", why="deleted there", at=at), tenant)


def applied(journey: Journey) -> list[tuple[int, int | None, bool]]:
    return [(r.revision, r.replaces, r.withdrawn) for r in journey.of("redacted", RedactedItem)]


def outcomes(journey: Journey) -> list[str]:
    return [r.outcome for r in journey.of("receipts", Receipt)]


def test_what_stands_of_a_deleted_item_is_taken_back(journey: Journey) -> None:
    item = journey.deliver(A).item_id
    retract(journey)
    assert (applied(journey), outcomes(journey)) == ([(1, None, False), (2, 1, True)], ["retracted"])
    assert journey.of("assignments", Assignment)[-1].change == "retracted"
    assert (journey.ledger().item(item).outcome, journey.ledger().check()) == ("superseded", [])


def test_a_withdrawn_item_shows_nothing_of_its_author(journey: Journey) -> None:
    journey.deliver(A, author="ann@example.com", account="acct-1")
    retract(journey)
    last = journey.of("redacted", RedactedItem)[-1]
    assert journey.vault.open("acme", last.text) == b""
    assert (last.facts.author, last.facts.account) == (None, None)


def test_a_second_deletion_is_a_repeat(journey: Journey) -> None:
    journey.deliver(A)
    retract(journey)
    retract(journey)
    assert (outcomes(journey), len(applied(journey))) == (["retracted", "repeat"], 2)


def test_a_deletion_that_is_told_before_the_item_keeps_it_out(journey: Journey) -> None:
    retract(journey, 10)
    journey.deliver(A, updated=5)
    journey.deliver(B)
    assert (outcomes(journey), applied(journey)) == (["retracted", "stale", "stale"], [])
    assert journey.ledger().check() == []


def test_what_its_source_wrote_after_the_deletion_brings_an_item_back(journey: Journey) -> None:
    journey.deliver(A, updated=1)
    retract(journey, 10)
    journey.deliver(A, updated=10)
    journey.deliver(A, updated=11)
    assert applied(journey) == [(1, None, False), (2, 1, True), (3, None, False)]
    assert outcomes(journey) == ["retracted", "stale"]


def test_a_deletion_from_before_the_newest_version_is_stale(journey: Journey) -> None:
    journey.deliver(A, updated=10)
    retract(journey, 5)
    assert (outcomes(journey), len(applied(journey))) == (["stale"], 1)


def test_a_deleted_item_stays_in_quarantine_though_it_is_released(journey: Journey) -> None:
    journey.deliver(TOXIC)
    retract(journey)
    journey.release()
    assert (outcomes(journey), applied(journey)) == (["retracted", "stale"], [])


def test_a_dead_letter_of_a_deleted_item_is_redriven_in_vain(journey: Journey) -> None:
    journey.deliver("", raw=b'{"rating": 9}')
    retract(journey)
    journey.redrive(fixed={"text": A})
    assert (outcomes(journey), applied(journey)) == (["retracted", "stale"], [])


def test_another_tenants_item_of_that_name_stays(journey: Journey) -> None:
    journey.deliver(A, tenant="beta")
    retract(journey)
    assert applied(journey) == [(1, None, False)]


def test_what_was_said_around_feedback_stays_sealed(journey: Journey) -> None:
    journey.deliver(A, context=[{"role": "agent", "text": "The invoice page crashes."}])
    (item,) = journey.of("redacted", RedactedItem)
    assert journey.vault.open("acme", item.text) == A.encode()
    assert len(journey.enriched()[0].concerns) == 1
