"""The default bounds on whole stories: trickles stay quiet, outages and regressions speak up in time."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.unit.operators.priority_streams import START, Journal, on

pytestmark = pytest.mark.lengthy

TIERS = ["free"] * 8 + ["pro"] * 7 + ["business"] * 3 + ["enterprise"] * 2
NOISE: list[dict[str, Any]] = [
    {"sentiment": "negative", "sentiment_milli": -450},
    {"sentiment": "neutral", "sentiment_milli": -20},
    {"sentiment": "neutral", "sentiment_milli": 0, "severity": "low"},
    {"sentiment": "positive", "sentiment_milli": 500, "severity": "low"},
]


class Story:
    """Ticks every hour, background topics, and whatever a test adds; accounts are distinct in a story."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.events: list[tuple[float, str, dict[str, Any]]] = []

    def trickle(
        self, theme: str, a_week: float, days: int, severe: float = 0.1, critical: float = 0.02
    ) -> None:
        hours = 0.0
        while (hours := hours + self.rng.expovariate(a_week / 168)) < 24 * days:
            look = dict(self.rng.choice(NOISE))
            draw = self.rng.random()
            if draw < severe:
                look["severity"] = "critical" if draw < critical else "high"
            self.events.append((hours, theme, look))

    def run(self) -> list[Any]:
        journal, hour = Journal(), 0
        for theme in sorted({theme for _, theme, _ in self.events}):
            journal.theme(theme, f"label of {theme}")
        for number, (hours, theme, look) in enumerate(sorted(self.events, key=lambda e: e[0])):
            while hour <= hours:
                journal.tick(hour)
                hour += 1
            journal.concern(f"c{number}", hours, theme, facts={"tier": self.rng.choice(TIERS)}, **look)
        return journal.run()

    def issues(self) -> list[tuple[str, str, int]]:
        """Theme, rule and number of affected accounts of every issue."""
        return [(i.theme_id, i.rule, sum(i.tiers.values())) for i in on("linear", self.run())]


@pytest.mark.parametrize("seed", range(4))
def test_thirty_background_topics_of_five_to_eight_a_week_open_nothing(seed: int) -> None:
    story = Story(seed)
    for number in range(30):
        story.trickle(f"topic-{number}", 5 + number % 4, 42)
    assert story.issues() == []


@pytest.mark.parametrize("seed", range(3))
def test_an_outage_opens_its_issue_within_ten_reports(seed: int) -> None:
    story = Story(seed)
    story.trickle("topic", 6, 14)
    for number in range(64):
        mood = {
            "sentiment": "negative",
            "sentiment_milli": -650,
            "severity": story.rng.choice(["high", "medium"]),
        }
        story.events.append((200 + number / 8, "outage", mood))
    ((theme, rule, accounts),) = story.issues()
    assert (theme, rule) == ("outage", "impact")
    assert accounts <= 10


@pytest.mark.parametrize("seed", range(3))
def test_a_billing_regression_opens_its_issue_within_two_days(seed: int) -> None:
    story = Story(seed)
    for number in range(60):
        mood = {"sentiment": "negative", "sentiment_milli": -500, "severity": "medium"}
        story.events.append((240 + number * 24 / story.rng.uniform(5, 8), "billing", mood))
    outs = story.run()
    (issue,) = on("linear", outs)
    started = min(hours for hours, *_ in story.events)
    assert _hours(issue) - started <= 48


def _hours(record: Any) -> float:
    return float((record.event_time - START).total_seconds() / 3600)


@pytest.mark.parametrize("seed", range(3))
def test_a_feature_request_that_grows_to_four_a_day_opens_its_issue_at_its_end(seed: int) -> None:
    story = Story(seed)
    hours = 0.0
    while hours < 24 * 56:
        a_day = 0.3 + 3.7 * hours / (24 * 56)
        hours += 24 / a_day * story.rng.uniform(0.7, 1.3)
        story.events.append(
            (hours, "export", {"category": "feature", "severity": "low", "feature_request": True})
        )
    (issue,) = on("linear", story.run())
    assert (issue.rule, issue.priority) == ("impact", 3)
    assert 24 * 30 < _hours(issue) <= 24 * 57
