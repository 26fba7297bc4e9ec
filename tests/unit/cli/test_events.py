"""``undercurrent events add`` and ``eval drift``: what is told goes into the journal, what is measured is summed up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.door import Desk
from cli.drift import figures
from cli.events import refuse_a_stranger
from connectors.jsonl.log import JsonlLog
from connectors.keys.vault import LocalVault
from contracts.business import BusinessEvent
from contracts.errors import WrongUsage
from contracts.registry import read_record, write_record
from tests.support.steps import Journey
from wiring.datadir import DataDir
from wiring.drift_trial import Trial
from wiring.journal import RecordMaker
from wiring.views.topics import Topics

AT = datetime(2026, 3, 31, 13, tzinfo=UTC)


def test_a_business_event_is_a_record_of_the_journal(tmp_path: Path) -> None:
    maker = RecordMaker("acme", LocalVault(tmp_path), AT)
    record = read_record("journal", maker.business_event("ann", "release", "7.4.1", AT))
    assert isinstance(record, BusinessEvent)
    assert (record.event, record.name, record.event_time, record.url) == ("release", "7.4.1", AT, None)


def test_an_event_without_a_name_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="name"):
        RecordMaker("acme", LocalVault(tmp_path), AT).business_event("ann", "release", "", AT)


def test_an_event_of_a_tenant_that_is_not_in_the_directory_is_refused(tmp_path: Path) -> None:
    journey = Journey(tmp_path)
    journey.deliver("The export fails with an error")
    with JsonlLog(DataDir(tmp_path).logs / "redacted", 1) as log:
        log.append(0, [write_record(record) for record in journey.topics["redacted"]])
    desk = Desk(Topics(DataDir(tmp_path).logs), tmp_path, NotImplemented, NotImplemented)
    refuse_a_stranger(desk, "acme")
    with pytest.raises(WrongUsage, match="nothing of it is here; here are: acme"):
        refuse_a_stranger(desk, "other")


def test_every_stage_passes_a_business_event_on_in_order(tmp_path: Path) -> None:
    journey = Journey(tmp_path)
    journey.put(journey.maker().business_event("ann", "incident", "checkout down", AT))
    assert [type(record) for record in journey.topics["assignments"]] == [BusinessEvent]


def test_figures_count_topics_that_were_never_noticed_as_missed() -> None:
    loud = Trial(4_000, delays={1: 12, 2: None, 3: 61}, by={1: "wording", 3: "new_family"})
    told = figures([Trial(20_000), Trial(20_000)], [loud])
    assert (told["false_alarms"], told["per_20000"], told["still_concerns"]) == (0, 0.0, 40_000)
    assert (told["changed_topics"], told["noticed_within_60"], told["longest_delay"]) == (3, 0.333, 61)
