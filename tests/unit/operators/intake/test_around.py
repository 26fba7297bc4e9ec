"""Intake: what the product measured before a complaint, and which sources fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import LoadBegin
from contracts.envelope import EVERYONE
from contracts.feedback import Signal, Telemetry, Tick
from contracts.registry import write_record
from contracts.signals import MOST_MILLI, SIGNALS, ambiguity_weight
from contracts.stages import ItemTelemetry, RedactedItem
from operators.budget import RejectPolicy
from operators.intake.facts import session_id
from tests.support.laws import assert_batching_law
from tests.support.steps import NOON, Journey, intake

A = "The export to CSV is broken."
HOUR = timedelta(hours=1)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    journey.steps = {"journal": journey.steps["journal"]}
    yield journey
    journey.vault.close()


def measured(journey: Journey, metric: str, value: float, at: datetime = NOON, **names: Any) -> None:
    head = {"id": "", "tenant": "acme", "event_time": at, "ingested_at": at}
    journey.put(write_record(Telemetry(**head, metric=metric, value=value, **names)))


def seen(journey: Journey, name: str, value: int = 1, **names: Any) -> None:
    head = {"id": "", "tenant": "acme", "event_time": NOON, "ingested_at": NOON}
    journey.put(write_record(Signal(**head, name=name, value=value, **names)))


def joined(journey: Journey, **body: Any) -> ItemTelemetry | None:
    journey.deliver(A, **body)
    item = journey.of("redacted", RedactedItem)[-1]
    found: ItemTelemetry | None = item.facts.telemetry
    return found


def tick(journey: Journey, at: datetime) -> None:
    journey.now = at
    journey.put(write_record(Tick(id="", tenant=EVERYONE, event_time=at, ingested_at=at)))


def told(journey: Journey) -> list[tuple[str, int]]:
    signals = journey.of("redacted", Signal)
    return [(s.name, s.value) for s in signals if s.about]


# -- telemetry ---------------------------------------------------------------------------------------------


def test_an_item_carries_errors_latency_and_deploy_from_before_it(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.08, NOON - HOUR, account="acct-1")
    measured(journey, "latency_p95_ms", 900, NOON - HOUR, account="acct-1", deploy="3f2a9c1")
    found = joined(journey, account="acct-1")
    assert found is not None
    assert (found.scope, found.error_ppm, found.latency_p95_ms, found.deploy) == (
        "account",
        80_000,
        900,
        "3f2a9c1",
    )


def test_what_came_after_the_complaint_or_long_before_is_not_joined(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.5, NOON + HOUR, account="acct-1")
    measured(journey, "error_ratio", 0.5, NOON - 4 * HOUR, account="acct-1")
    assert joined(journey, account="acct-1") is None


def test_a_session_tells_more_than_an_account_and_an_account_more_than_a_version(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.1, version="7.4")
    measured(journey, "error_ratio", 0.2, account="acct-1")
    measured(journey, "error_ratio", 0.3, session="s-1")
    scopes = [
        joined(journey, app_version="7.4", record="a"),
        joined(journey, app_version="7.4", account="acct-1", record="b"),
        joined(journey, app_version="7.4", account="acct-1", session="s-1", record="c"),
    ]
    assert [found and found.error_ppm for found in scopes] == [100_000, 200_000, 300_000]


def test_an_address_as_a_session_joins_what_the_journal_speaks_of_by_its_hash(journey: Journey) -> None:
    hashed = session_id("jo@b.example", lambda value: journey.vault.subject("acme", value))
    seen(journey, "rage_click", session=hashed)
    found = joined(journey, session="jo@b.example")
    assert found is not None
    assert found.signals == {"rage_click": 1}


def test_telemetry_goes_on_without_what_may_be_a_person_s(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.1, account="jo@b.example", session="s-1", version="jo@b.example")
    measured(journey, "error_ratio", 0.1, version="7.4")
    jos, other = journey.of("redacted", Telemetry)
    assert (jos.session, jos.version, other.version) == (None, None, "7.4")
    assert (jos.account or "").startswith("account-")


def test_errors_far_above_the_tenants_usual_ones_are_elevated(journey: Journey) -> None:
    for n in range(40):
        measured(journey, "error_ratio", 0.01, account=f"acct-{n}")
    measured(journey, "error_ratio", 0.2, account="broken")
    usual, broken = (
        joined(journey, account="acct-3", record="a"),
        joined(journey, account="broken", record="b"),
    )
    assert (usual and usual.elevated, broken and broken.elevated) == (None, "errors")


@pytest.mark.parametrize(
    ("metric", "value"),
    [("error_ratio", 1.7e308), ("error_ratio", -0.5), ("latency_p95_ms", 1e19), ("latency_p95_ms", -5)],
)
def test_what_cannot_have_been_measured_is_not_kept(journey: Journey, metric: str, value: float) -> None:
    measured(journey, metric, value, account="acct-1")
    assert joined(journey, account="acct-1") is None
    assert_batching_law(lambda: intake(journey.vault), journey.topics["journal"], (1,))


def test_another_tenants_telemetry_is_not_joined(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.2, account="acct-1")
    assert joined(journey, account="acct-1", tenant="beta") is None


def test_a_session_goes_no_further_than_intake(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.2, session="s-ann@example.com")
    joined(journey, session="s-ann@example.com")
    assert not any(b"s-ann" in write_record(record) for record in journey.topics["redacted"])


def test_hours_that_nobody_can_ask_for_are_dropped(journey: Journey) -> None:
    measured(journey, "error_ratio", 0.2, account="acct-1")
    tick(journey, NOON + 72 * HOUR)
    assert len(journey.steps["journal"].tables["telemetry"]) == 0


# -- implicit signals ---------------------------------------------------------------------------------------


def test_implicit_signals_are_kept_beside_an_item_and_weigh_little(journey: Journey) -> None:
    seen(journey, "retry", 3, account="acct-1")
    seen(journey, "thumbs_down", account="acct-1")
    found = joined(journey, account="acct-1")
    assert found is not None
    assert (found.signals, found.signal_weight_milli) == ({"retry": 3, "thumbs_down": 1}, 160)


def test_no_number_of_signals_speaks_as_loud_as_a_person() -> None:
    assert ambiguity_weight(dict.fromkeys(SIGNALS, 10_000)) == MOST_MILLI
    assert all(meaning.or_else for meaning in SIGNALS.values())


# -- sources -------------------------------------------------------------------------------------------------


def lived(journey: Journey, hours: int, each: int, begin: datetime = NOON) -> datetime:
    """A source delivers ``each`` items an hour."""
    for hour in range(hours):
        tick(journey, begin + hour * HOUR)
        for n in range(each):
            journey.deliver(A, record=f"{hour}-{n}-{begin}")
    return begin + hours * HOUR


def test_a_source_that_falls_silent_is_told_once_and_its_return_too(journey: Journey) -> None:
    now = lived(journey, 30, 4)
    for hour in range(6):
        tick(journey, now + hour * HOUR)
    assert told(journey) == [("source_silent", 5)]
    lived(journey, 1, 1, now + 6 * HOUR)
    tick(journey, now + 7 * HOUR)
    assert told(journey) == [("source_silent", 5), ("source_back", 1)]


def test_a_flood_is_told_within_the_hour(journey: Journey) -> None:
    now = lived(journey, 30, 2)
    lived(journey, 1, 40, now)
    tick(journey, now + timedelta(minutes=10))
    assert told(journey) == [("source_flood", 40)]


def test_an_event_at_either_end_of_the_calendar_is_taken_as_any_other(journey: Journey) -> None:
    tick(journey, NOON)
    for n, end in enumerate((datetime.min, datetime.max)):
        journey.now = end.replace(tzinfo=UTC)
        journey.deliver(A, record=f"r{n}")
    assert len(journey.of("redacted", RedactedItem)) == 2


def test_history_and_backfill_teach_nothing_of_a_source(journey: Journey) -> None:
    tick(journey, NOON)
    journey.order(LoadBegin(origin="f"))
    journey.deliver(A, record="old")
    journey.now = NOON - 72 * HOUR
    journey.deliver(A, record="older", tenant="beta")
    assert len(journey.steps["journal"].tables["source_rates"]) == 0


def test_surroundings_obey_the_law(journey: Journey) -> None:
    now = lived(journey, 26, 3)
    for n in range(12):
        measured(journey, "error_ratio", n / 40, now, account=f"acct-{n % 3}")
        joined(journey, account=f"acct-{n % 4}", record=f"x{n}")
        tick(journey, now + n * HOUR)
    for n in range(12, 30):
        tick(journey, now + n * HOUR)
    never = RejectPolicy(max_ratio=1.0, max_in_a_row=10**9)
    assert_batching_law(lambda: intake(journey.vault, never), journey.topics["journal"], (0.3, 0.62, 0.9))
    assert told(journey)
