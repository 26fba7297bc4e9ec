"""The list of sources, worked out from a journal alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from contracts.feedback import Tick
from contracts.registry import write_record
from tests.support.steps import NOON, Journey
from wiring.freshness import sources_of


def test_sources_are_listed_with_their_usual_rate_and_who_is_silent(tmp_path: Path) -> None:
    journey = Journey(tmp_path)
    journey.steps = {}
    for hour in range(40):
        at = NOON + timedelta(hours=hour)
        journey.now = at
        journey.put(write_record(Tick(id="", tenant="*", event_time=at, ingested_at=at)))
        for n in range(3 if hour < 30 else 0):
            journey.deliver("The export is broken.", record=f"{hour}-{n}")
    journey.vault.close()
    (view,) = sources_of(journey.topics["journal"])
    assert (view.tenant, view.source, view.state, view.quiet_h) == ("acme", "tickets", "silent", 9)
    assert view.expected is not None
    assert 2 < view.expected <= 3
