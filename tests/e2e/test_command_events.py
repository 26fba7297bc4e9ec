"""``undercurrent events add`` on a finished run: told once, at the journal's end, and the flow has acted on it."""

from __future__ import annotations

from pathlib import Path

from contracts.business import BusinessEvent
from tests.support.commands import undercurrent
from wiring.datadir import DataDir
from wiring.views.topics import Topics

AT = "2026-03-31T13:00:00+00:00"


def test_what_is_told_is_in_the_journal_and_has_gone_through_every_stage(own_copy: Path) -> None:
    told = undercurrent(
        "events", "add", "release", "7.4.1", "--tenant", "local", "--at", AT, "--dir", own_copy, "--json"
    )
    assert (told.code, told.json["event"], told.json["at"]) == (0, "release", AT)
    topics = Topics(DataDir(own_copy).logs)
    for topic in ("journal", "assignments"):
        found = [record for _, record in topics.records(topic) if isinstance(record, BusinessEvent)]
        assert [(record.name, record.event) for record in found] == [("7.4.1", "release")]


def test_an_unknown_kind_is_wrong_usage_that_names_those_that_there_are(own_copy: Path) -> None:
    told = undercurrent("events", "add", "party", "spring", "--tenant", "local", "--dir", own_copy)
    assert told.code == 2
    assert "infrastructure" in told.err
