"""F21: everything is poison. A stream stops before it is emptied into dead letters; history lists every reject."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.commands import LoadBegin, LoadEnd
from contracts.diversions import DeadLetter
from contracts.errors import BudgetExceeded
from contracts.stages import RedactedItem
from operators.budget import RejectPolicy
from operators.hosting import Handed, StepHost
from operators.statelog import MemoryStateLog
from tests.support.steps import Journey, intake

POLICY = RejectPolicy(max_ratio=0.5, max_in_a_row=10, window=100, from_records=10)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path, POLICY)
    journey.steps = {"journal": journey.steps["journal"]}
    yield journey
    journey.vault.close()


def poison(journey: Journey, count: int, tenant: str = "acme") -> None:
    for n in range(count):
        journey.deliver("", unreadable="broken", raw=b"{", record=f"bad{n}", tenant=tenant)


def good(journey: Journey, count: int) -> None:
    for n in range(count):
        journey.deliver(f"The export is broken on page {n}.", record=f"good{n}")


def letters(journey: Journey) -> int:
    return len(journey.of("dead-letters", DeadLetter))


def test_a_stream_of_poison_stops_the_worker(journey: Journey) -> None:
    good(journey, 10)
    with pytest.raises(BudgetExceeded, match="10 in a row"):
        poison(journey, 1000)
    assert letters(journey) < POLICY.max_in_a_row


def test_lines_that_are_no_record_count_too(journey: Journey) -> None:
    with pytest.raises(BudgetExceeded):
        deque(map(journey.put, [b"\xff"] * 1000))


def test_history_lists_every_reject_and_goes_on(journey: Journey) -> None:
    journey.order(LoadBegin(origin="f.csv"))
    poison(journey, 40)
    good(journey, 2)
    assert (letters(journey), len(journey.of("redacted", RedactedItem))) == (40, 2)


def test_after_the_load_the_budget_counts_again(journey: Journey) -> None:
    journey.order(LoadBegin(origin="f.csv"))
    poison(journey, 40)
    journey.order(LoadEnd(origin="f.csv"))
    with pytest.raises(BudgetExceeded):
        poison(journey, 1000)
    assert letters(journey) < 40 + POLICY.max_in_a_row


def test_one_tenant_s_load_does_not_open_the_gate_for_another(journey: Journey) -> None:
    journey.order(LoadBegin(origin="f.csv"))
    with pytest.raises(BudgetExceeded):
        poison(journey, 1000, tenant="beta")


def test_a_load_and_the_counts_are_remembered_over_a_restart(journey: Journey) -> None:
    log = MemoryStateLog()
    host = StepHost("intake", 0, intake(journey.vault, POLICY), log)
    host.restore(None)
    journey.steps = {}
    journey.order(LoadBegin(origin="f.csv"))
    poison(journey, 30)
    journey.order(LoadEnd(origin="f.csv"))
    poison(journey, 30)
    records = [Handed(0, n, record) for n, record in enumerate(journey.topics["journal"])]
    host.on_batch(records[:5])
    for at in (5, 38):
        snapshot = host.snapshot()
        host = StepHost("intake", 0, intake(journey.vault, POLICY), log)
        host.restore(snapshot)
        host.on_batch(records[at : 38 if at == 5 else 41])
    with pytest.raises(BudgetExceeded, match="10 in a row"):
        host.on_batch(records[41:42])
