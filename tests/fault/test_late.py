"""F19: out of order by an hour, late by two days.

What stands is what the source said last, and scores end as if everything had come in order. A time ahead of the last
tick is clamped to it, so that arrivals are compared which the clock has reached.
"""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from connectors.keys.vault import LocalVault
from contracts.priority import Priority
from contracts.stages import RedactedItem
from tests.support.steps import Journey
from tests.unit.operators.priority_streams import Journal, on

Concern = tuple[str, float, str, str]
LAST = 120.0
DAYS_LATE = 48.0


def concerns(draw: random.Random) -> list[Concern]:
    """Name, hour, theme, sentiment of 60 concerns over four days."""
    return [
        (f"c{n}", draw.uniform(0, 96), f"theme-{n % 4}", draw.choice(("negative", "neutral")))
        for n in range(60)
    ]


def scores(arrivals: list[tuple[float, Concern]]) -> dict[str, tuple[float, object, datetime]]:
    """The last score of each theme when concerns arrive at these hours; a tick comes before each, and hourly."""
    journal = Journal()
    moments: list[tuple[float, Concern | None]] = [(float(hour), None) for hour in range(int(LAST) + 1)]
    for hour, concern in sorted([*moments, *arrivals], key=lambda pair: pair[0]):
        journal.tick(hour)
        if concern is not None:
            name, happened, theme, sentiment = concern
            milli = -600 if sentiment == "negative" else 0
            journal.concern(name, happened, theme, sentiment=sentiment, sentiment_milli=milli)
    said: dict[str, Priority] = {p.theme_id: p for p in on("priorities", journal.run())}
    return {name: (round(p.impact, 9), p.windows, p.last_seen) for name, p in said.items()}


@pytest.mark.parametrize("seed", range(3))
def test_an_hour_early_or_late_ends_in_the_scores_of_a_recomputation(seed: int) -> None:
    draw = random.Random(seed)
    these = concerns(draw)
    in_order = scores([(one[1], one) for one in these])
    assert len(in_order) == 4
    assert scores([(one[1] + draw.uniform(0, 2), one) for one in these]) == in_order


@pytest.mark.parametrize("seed", range(3))
def test_two_days_late_corrects_the_scores_to_those_of_a_recomputation(seed: int) -> None:
    draw = random.Random(seed)
    these = [one for one in concerns(draw) if one[1] < LAST - DAYS_LATE]
    late = {one[0] for one in draw.sample(these, 10)}
    arrived = [(one[1] + (DAYS_LATE if one[0] in late else 0), one) for one in these]
    assert scores(arrived) == scores([(one[1], one) for one in these])


@pytest.mark.parametrize("seed", range(3))
def test_revisions_that_come_in_any_order_leave_the_last_one_standing(tmp_path: Path, seed: int) -> None:
    draw, journey = random.Random(seed), Journey(tmp_path)
    minutes = draw.sample((0, 30, 59, 60, 2880), 5)
    for minute in minutes:
        journey.deliver(f"The export of page {minute} is broken.", updated=minute)
    standing = journey.of("redacted", RedactedItem)[-1]
    assert b"2880" in (_opened(journey.vault, standing) or b"")
    assert journey.ledger().check() == []
    journey.vault.close()


def _opened(vault: LocalVault, item: RedactedItem) -> bytes | None:
    return vault.open(item.tenant, item.text)
