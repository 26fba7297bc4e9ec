"""F18, F20, F21: what comes twice, what one step cannot bear, and what no step can.

Duplicates count once, a poison item goes to the dead letters alone, and everything-is-poison stops the stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.commands import LoadBegin, Redrive
from contracts.diversions import DeadLetter, Receipt
from contracts.errors import BudgetExceeded
from contracts.feedback import FeedbackReceived
from contracts.registry import write_record
from contracts.stages import Assignment, RedactedItem
from operators.budget import RejectPolicy
from operators.step import Step
from tests.support.laws import assert_batching_law
from tests.support.poison import POISON, STAGES, poisoned_extract, poisoned_intake
from tests.support.steps import Journey, extract, intake, wander

EXPORT = "The export to CSV is broken for large boards."
LOGIN = "The login page never opens on my phone since the last update."
BAD = f"The {POISON} map is slow for every board, and jo@example.com says so."
BUDGET = RejectPolicy(max_ratio=0.5, max_in_a_row=10, window=100, from_records=10)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    yield journey
    journey.vault.close()


def letters(journey: Journey) -> list[DeadLetter]:
    return journey.of("dead-letters", DeadLetter)


def outcome(journey: Journey, item: str) -> str | None:
    return journey.ledger().items()[item].outcome


def receipts(journey: Journey) -> list[str]:
    return [receipt.outcome for receipt in journey.of("receipts", Receipt)]


def flood(journey: Journey) -> None:
    for n in range(1000):
        journey.deliver(f"{EXPORT} {n}", record=f"r{n}")


# -- F18: duplicates -----------------------------------------------------------------------------------


def test_a_delivery_that_comes_five_times_counts_once(journey: Journey) -> None:
    for _ in range(5):
        journey.deliver(EXPORT)
    assert len(journey.of("assignments", Assignment)) == 1
    assert receipts(journey) == ["repeat"] * 4


def test_a_letter_that_is_redriven_twice_counts_once(journey: Journey) -> None:
    item = journey.deliver("", raw=b'{"text": "x", "rating": 9}').item_id
    journey.redrive(fixed={"text": EXPORT})
    journey.redrive(fixed={"text": EXPORT})
    journey.redrive(0, fixed={"text": LOGIN})
    assert receipts(journey) == ["repeat", "repeat"]
    assert (outcome(journey, item), len(journey.enriched())) == ("waiting", 1)
    assert journey.ledger().check() == []


def test_a_redrive_that_fails_again_is_the_next_attempt(journey: Journey) -> None:
    journey.deliver("", raw=b"{")
    journey.redrive()
    journey.redrive()
    first, *later = letters(journey)
    assert [(one.attempt, one.redrive_id) for one in later] == [(2, "0-1"), (3, "0-2")]
    assert {one.first_failed_at for one in later} == {first.ingested_at}
    assert list(journey.ledger().letters().values()) == ["redriven", "redriven", "dead"]


def test_a_redrive_after_a_newer_revision_changes_nothing(journey: Journey) -> None:
    journey.deliver("", raw=b"{")
    journey.deliver(LOGIN)
    assert list(journey.ledger().letters().values()) == ["superseded"]
    journey.redrive(fixed={"text": EXPORT})
    assert (receipts(journey), len(journey.enriched())) == (["stale"], 1)


def test_a_correction_of_a_bad_edit_replaces_the_standing_revision(journey: Journey) -> None:
    journey.deliver(EXPORT)
    journey.deliver("", raw=b"{")
    journey.redrive(fixed={"text": LOGIN})
    assert [(r.revision, r.replaces) for r in journey.of("redacted", RedactedItem)] == [(1, None), (2, 1)]


def test_a_dropped_letter_makes_its_item_filtered_and_is_never_redriven(journey: Journey) -> None:
    item = journey.deliver("", raw=b"{").item_id
    journey.drop()
    journey.redrive(fixed={"text": EXPORT})
    assert (outcome(journey, item), receipts(journey)) == ("filtered", ["stale"])
    assert journey.ledger().check() == []


def test_another_tenant_s_order_redrives_nothing(journey: Journey) -> None:
    delivery = journey.deliver("", raw=b"{")
    (letter,) = letters(journey)
    order = Redrive(letter=letter.id, attempt=2, first_failed_at=letter.ingested_at, item=delivery)
    journey.order(order, "beta")
    assert (receipts(journey), len(letters(journey))) == (["stale"], 1)


# -- F20: a poison item --------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", STAGES)
def test_an_item_that_a_model_cannot_bear_goes_to_the_dead_letters_alone(
    journey: Journey, topic: str
) -> None:
    journey.steps[topic] = STAGES[topic](journey.vault)
    items = [journey.deliver(text, record=text).item_id for text in (EXPORT, BAD, LOGIN)]
    assert [outcome(journey, item) for item in items] == ["waiting", "dead_lettered", "waiting"]
    (letter,) = letters(journey)
    assert (letter.reason, letter.exception, letter.item_id) == ("poison", "ZeroDivisionError", items[1])
    assert POISON not in write_record(letter).decode()


@pytest.mark.parametrize("topic", STAGES)
def test_with_poison_batches_and_restarts_change_nothing(journey: Journey, topic: str) -> None:
    wander(journey, 7, 40)
    for n, text in enumerate((EXPORT, BAD, LOGIN, BAD, BAD)):
        journey.deliver(f"{text} {n}", record=f"r{n}")
    never = RejectPolicy(max_ratio=1.0, max_in_a_row=10**9)
    assert_batching_law(lambda: STAGES[topic](journey.vault, never), journey.topics[topic], (3, 0.5, 0.9))


@pytest.mark.parametrize("topic", STAGES)
def test_a_poison_edit_takes_back_what_it_replaced_and_passes_once_mended(
    journey: Journey, topic: str
) -> None:
    good = {"journal": intake, "redacted": extract}[topic](journey.vault)
    journey.steps[topic] = STAGES[topic](journey.vault)
    item = journey.deliver(EXPORT).item_id
    journey.deliver(BAD)
    journey.deliver(BAD)  # the source sends it again: no second letter
    assert [len(e.retracts) for e in journey.enriched()] == [0, 1]
    assert (outcome(journey, item), len(letters(journey))) == ("dead_lettered", 1)
    _mend(journey, topic, good)
    journey.redrive()
    journey.redrive()
    assert (outcome(journey, item), receipts(journey)) == ("waiting", ["repeat", "repeat"])
    assert journey.ledger().check() == []


def _mend(journey: Journey, topic: str, good: Step) -> None:
    """Put the mended step in the place of the defective one, with its state."""
    old, new = journey.steps[topic], good
    for name, table in old.tables.items():
        for key, value in table.drain():
            new.tables[name].load(key, value)
    new.restore(old.snapshot())
    journey.steps[topic] = new


# -- F21: everything is poison -------------------------------------------------------------------------


@pytest.mark.parametrize("topic", STAGES)
def test_a_release_that_fails_on_everything_stops_before_the_topic_is_emptied(
    journey: Journey, topic: str
) -> None:
    journey.steps[topic] = STAGES[topic](journey.vault, BUDGET, everything=True)
    with pytest.raises(BudgetExceeded, match="in a row"):
        flood(journey)
    assert len(letters(journey)) < BUDGET.from_records


def test_a_defect_stops_a_load_of_history_too(journey: Journey) -> None:
    journey.steps["journal"] = poisoned_intake(journey.vault, BUDGET, everything=True)
    journey.order(LoadBegin(origin="f.csv"))
    with pytest.raises(BudgetExceeded):
        flood(journey)
    assert len(journey.of("journal", FeedbackReceived)) == BUDGET.from_records


def test_the_budget_is_remembered_over_a_restart(journey: Journey) -> None:
    first = poisoned_extract(journey.vault, BUDGET, everything=True)
    journey.steps["redacted"] = first
    for n in range(BUDGET.from_records - 1):
        journey.deliver(f"{EXPORT} {n}", record=f"r{n}")
    journey.steps["redacted"] = poisoned_extract(journey.vault, BUDGET, everything=True)
    journey.steps["redacted"].restore(first.snapshot())
    with pytest.raises(BudgetExceeded):
        journey.deliver(LOGIN, record="last")
