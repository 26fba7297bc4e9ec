"""What people are told of sources, and which themes telemetry bears out."""

from __future__ import annotations

import pytest

from contracts.feedback import Signal
from contracts.priority import Priority
from contracts.stages import ItemTelemetry
from tests.unit.operators.priority_streams import Journal, at, on

ELEVATED = ItemTelemetry(scope="account", error_ppm=90_000, usual_error_ppm=2_000, elevated="errors")
CALM = ItemTelemetry(scope="account", error_ppm=2_000, usual_error_ppm=2_000)


def spoke(journal: Journal, name: str, value: int, expected_milli: int) -> None:
    head = journal.tick(1)
    signal = {"name": name, "value": value, "about": "zendesk", "expected_milli": expected_milli}
    journal.records[-1] = Signal(
        id=head.id, tenant="acme", event_time=at(1), ingested_at=head.ingested_at, **signal
    )


@pytest.mark.parametrize(
    ("name", "severity"), [("source_silent", "warn"), ("source_flood", "warn"), ("source_back", "info")]
)
def test_a_source_that_lives_otherwise_raises_one_alert_with_the_numbers(
    journal: Journal, name: str, severity: str
) -> None:
    spoke(journal, name, 5, 12_500)
    (alert,) = on("alerts", journal.run())
    assert (alert.rule, alert.severity, "zendesk" in alert.title) == (name, severity, True)
    assert "5" in alert.body


def test_one_item_is_said_as_one(journal: Journal) -> None:
    spoke(journal, "source_back", 1, 0)
    (alert,) = on("alerts", journal.run())
    assert alert.body == "1 item since it spoke again."


def test_no_number_that_a_signal_claims_ends_the_stage(journal: Journal) -> None:
    spoke(journal, "source_flood", 10**400, 10**400)
    (alert,) = on("alerts", journal.run())
    assert alert.rule == "source_flood"


def test_an_implicit_sign_raises_nothing(journal: Journal) -> None:
    spoke(journal, "thumbs_down", 50, 0)
    assert on("alerts", journal.run()) == []


def last(journal: Journal) -> Priority:
    journal.tick(30)
    found: Priority = on("priorities", journal.run())[-1]
    return found


def test_a_theme_says_of_how_many_complaints_telemetry_corroborates(journal: Journal) -> None:
    for n, measured in enumerate((ELEVATED, ELEVATED, CALM, None)):
        journal.concern(f"c{n}", 1, sentiment="negative", sentiment_milli=-800, facts={"telemetry": measured})
    assert last(journal).corroborated == 2


def test_praise_is_borne_out_by_no_errors(journal: Journal) -> None:
    journal.concern("c", 1, sentiment="positive", sentiment_milli=800, facts={"telemetry": ELEVATED})
    assert last(journal).corroborated is None


def test_what_was_corroborated_is_taken_away_with_its_concern(journal: Journal) -> None:
    for name in ("a", "b"):
        journal.concern(name, 1, sentiment="negative", facts={"telemetry": ELEVATED})
    journal.change("a", 2, "retracted")
    assert last(journal).corroborated == 1
