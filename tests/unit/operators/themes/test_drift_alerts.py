"""Which drift events become alerts: once in their quiet time, and not of small or muted themes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.business import Nearby
from contracts.feedback import Tick
from contracts.priority import Alert
from contracts.themes import DriftEvent
from operators.numbering import Numbering
from operators.themes.drift_alerts import KINDS, DriftAlerts, Theme
from operators.themes.drift_records import DETECTORS
from operators.themes.records import Teller
from tests.support.runs import NOON

LARGE = Theme("t1", "charged twice · invoice", concerns=60, accounts=30, is_muted=False)


def event(detector: str, hours: float = 0, **changes: Any) -> DriftEvent:
    fields = {"id": "0-7-themes-3", "tenant": "acme", "event_time": NOON + timedelta(hours=hours)}
    fields |= {"ingested_at": NOON, "detector": detector, "theme_id": "t1", "before": 2.1, "after": 18.0}
    return DriftEvent.model_validate(fields | {"reason": "18 people in a day that has 2.1"} | changes)


def told(alerts: DriftAlerts, one: DriftEvent, theme: Theme | None = LARGE) -> Alert | None:
    cause = Tick(id="0-7", tenant="acme", event_time=one.event_time, ingested_at=NOON)
    return alerts.alert(one, theme, Teller(cause, Numbering("themes").after))


def test_an_alert_says_what_was_seen_where_and_what_happened_near_it() -> None:
    near = Nearby(id="0-1", event="release", name="7.4.1", at=NOON)
    alert = told(DriftAlerts("acme"), event("burst_day", near=(near,)))
    assert alert is not None
    assert (alert.rule, alert.detector, alert.drift_id) == ("drift-burst_day", "burst_day", "0-7-themes-3")
    assert alert.title == "Many in a day: charged twice · invoice"
    assert alert.body.startswith("18 people in a day that has 2.1. Near it: release 7.")


@pytest.mark.parametrize(("detector", "quiet_h"), [("burst_day", 24), ("wording", 168)])
def test_the_same_of_the_same_theme_is_told_once_in_its_quiet_time(detector: str, quiet_h: int) -> None:
    alerts = DriftAlerts("acme")
    hours = (0, quiet_h - 1, quiet_h, quiet_h + 1)
    assert [told(alerts, event(detector, at)) is not None for at in hours] == [True, False, True, False]


@pytest.mark.parametrize(
    ("detector", "about"), [("burst_day", LARGE), ("wording", LARGE), ("low_confidence", None)]
)
def test_after_a_false_alarm_a_detector_is_quiet_for_thirty_days(detector: str, about: Theme | None) -> None:
    alerts = DriftAlerts("acme")
    changes = {} if about else {"theme_id": None}
    assert told(alerts, event(detector, **changes), about)
    alerts.dismiss(detector, about.theme_id if about else "", int(NOON.timestamp()))
    hours = (25, 24 * 8, 30 * 24 - 1, 30 * 24)
    heard = [told(alerts, event(detector, at, **changes), about) is not None for at in hours]
    assert heard == [False, False, False, True]


def test_another_detector_or_another_theme_is_news() -> None:
    alerts = DriftAlerts("acme")
    other = LARGE._replace(theme_id="t2")
    assert told(alerts, event("burst_day"))
    assert told(alerts, event("burst_hour"))
    assert told(alerts, event("burst_day"), other)


@pytest.mark.parametrize(
    ("detector", "theme", "heard"),
    [
        ("wording", LARGE._replace(concerns=29), False),
        ("wording", LARGE._replace(concerns=30), True),
        ("burst_day", LARGE._replace(concerns=6, accounts=5), True),
        ("burst_day", LARGE._replace(concerns=60, accounts=4), False),
        ("new_family", LARGE._replace(concerns=8, accounts=5), True),
        ("wording", LARGE._replace(is_muted=True), False),
        ("wording", None, False),
    ],
)
def test_small_and_muted_themes_are_quiet(detector: str, theme: Theme | None, heard: bool) -> None:
    assert (told(DriftAlerts("acme"), event(detector), theme) is not None) is heard


def test_the_tenant_as_a_whole_has_no_size_to_reach() -> None:
    alert = told(DriftAlerts("acme"), event("background", theme_id=None), None)
    assert alert is not None
    assert alert.theme_id is None


def test_every_detector_but_the_warm_up_and_what_a_rerun_did_can_alert() -> None:
    assert set(KINDS) == set(DETECTORS) - {"rerun"}
    assert told(DriftAlerts("acme"), event("warm_up", theme_id=None, warming=True), None) is None


def test_what_was_told_long_ago_is_forgotten() -> None:
    alerts = DriftAlerts("acme")
    for n in range(20):
        told(alerts, event("burst_day", 24 * n), LARGE._replace(theme_id=f"t{n}"))
    assert len(alerts.told) == 7
