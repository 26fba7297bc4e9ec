"""An alert about what is very close to a critical theme: at once, with its precedent, and not over and over."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.priority import Alert
from contracts.stages import Precedent
from models.priority.policy import ImpactRule, PriorityPolicy
from tests.unit.operators.priority_streams import Journal, at, on

KNOWN = Precedent(
    theme_id="theme-a", concern_id="old", at=at(-2000), similarity_milli=840, critical=14, concerns=19
)


@pytest.fixture
def journal() -> Journal:
    made = Journal()
    made.theme("theme-a")
    made.theme("theme-b", "Export is empty")
    made.tick(0)
    return made


def close_to(journal: Journal, name: str, hours: float, theme: str = "theme-a", **decision: Any) -> None:
    record = journal.concern(name, hours, theme, **decision)
    known = KNOWN.model_copy(update={"theme_id": theme})
    journal.records[-1] = record.model_copy(update={"escalation": known})


def alerts(journal: Journal, policy: PriorityPolicy | None = None) -> list[Alert]:
    return on("alerts", journal.run(policy))


def test_the_alert_comes_with_the_concern_and_names_the_precedent(journal: Journal) -> None:
    close_to(journal, "new", 0.5)
    (alert,) = alerts(journal)
    assert (alert.rule, alert.severity, alert.theme_id) == ("critical-precedent", "page", "theme-a")
    assert alert.precedent == KNOWN
    assert all(told in alert.body for told in ("item-new", "0.84", "14 of its 19", "old", "2025-10-13"))


def test_one_theme_pages_once_a_day_and_another_for_itself(journal: Journal) -> None:
    for hours in (0.5, 3, 12):
        close_to(journal, f"a{hours}", hours)
        close_to(journal, f"b{hours}", hours, "theme-b")
    journal.tick(25)
    close_to(journal, "later", 25.5)
    assert [alert.theme_id for alert in alerts(journal)] == ["theme-a", "theme-b", "theme-a"]


def test_who_was_told_of_a_critical_report_is_not_told_again(journal: Journal) -> None:
    close_to(journal, "one", 0.5, severity="critical", sentiment="negative", sentiment_milli=-700)
    close_to(journal, "two", 0.6)
    assert [alert.rule for alert in alerts(journal)] == ["critical"]


def test_a_precedent_does_not_silence_a_critical_report(journal: Journal) -> None:
    close_to(journal, "one", 0.5)
    journal.concern("two", 0.6, severity="critical", sentiment="negative", sentiment_milli=-700)
    assert [alert.rule for alert in alerts(journal)] == ["critical-precedent", "critical"]


def test_a_mark_of_a_person_is_the_reason_given(journal: Journal) -> None:
    close_to(journal, "new", 0.5)
    known = KNOWN.model_copy(update={"marked_by": "ann", "critical": 0})
    journal.records[-1] = journal.records[-1].model_copy(update={"escalation": known})
    assert "ann marked it as critical" in alerts(journal)[0].body


def test_without_a_rule_for_critical_severity_nobody_is_told(journal: Journal) -> None:
    close_to(journal, "new", 0.5)
    assert alerts(journal, PriorityPolicy(rules=(ImpactRule(),))) == []
