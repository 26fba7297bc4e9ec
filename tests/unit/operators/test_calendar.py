"""Items that claim to be of either end of the calendar: every stage behind intake goes on."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.priority import Alert, Priority
from contracts.themes import ThemeRecord
from models.priority.policy import PriorityPolicy
from operators.prioritise import PrioritiseStep
from tests.support.steps import Journey, text_about
from tests.unit.operators.priority_streams import PlainOpener


@pytest.mark.parametrize("end", [datetime.min, datetime.max])
def test_items_of_either_end_of_the_calendar_end_no_stage(tmp_path: Path, end: datetime) -> None:
    journey, draw = Journey(tmp_path), random.Random(1)
    journey.steps["assignments"] = PrioritiseStep(0, PriorityPolicy(), PlainOpener())
    journey.now = end.replace(tzinfo=UTC)
    for n in range(40):
        text = text_about(("invoice", "login")[n % 2], draw)
        journey.deliver(f"{text} We lost all our data, this is urgent", record=f"c{n}", account=f"acct-{n}")
    journey.tick(0)
    assert journey.of("themes", ThemeRecord)
    if end == datetime.max:  # before 1970 nothing is counted
        assert {record.event_time.year for record in journey.of("priorities", Priority)} == {9999}
        assert journey.of("alerts", Alert)
