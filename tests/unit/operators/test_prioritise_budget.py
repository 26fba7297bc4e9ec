"""A signal that money for models runs out, or that they are of no use, becomes one alert."""

from __future__ import annotations

import pytest

from contracts.answers import MODEL_BUDGET, MODEL_UNBELIEVED
from contracts.feedback import Signal
from tests.unit.operators.priority_streams import Journal, at, on, step


def signal(name: str, value: int) -> Signal:
    moment = at(5)
    return Signal(id="0-7", tenant="acme", event_time=moment, ingested_at=moment, name=name, value=value)


@pytest.mark.parametrize(("value", "severity"), [(85, "info"), (100, "warn")])
def test_people_are_told_that_money_runs_out(value: int, severity: str) -> None:
    journal = Journal()
    journal.tick(4)
    (alert,) = on("alerts", step().on_records([*journal.records, signal(MODEL_BUDGET, value)]))
    assert (alert.rule, alert.severity, alert.tenant) == ("model_budget", severity, "acme")
    assert "UNDERCURRENT_LLM_CAP_MONTHLY_USD" in alert.body


def test_people_are_told_that_models_are_of_no_use() -> None:
    journal = Journal()
    journal.tick(4)
    (alert,) = on("alerts", step().on_records([*journal.records, signal(MODEL_UNBELIEVED, 55)]))
    assert (alert.rule, alert.severity) == ("model_unbelieved", "warn")
    assert alert.title.startswith("55 % of what language models answered last")


def test_other_signals_alert_nobody() -> None:
    assert step().on_records([signal("retry", 1)]) == []
