"""A tracker's report goes through every stage before priority as it came."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from contracts.commands import Command, ReportIssue
from tests.support.steps import NOON, Journey

REPORT = ReportIssue(
    tracker="jira",
    issue_id="c723c24b-5c71-4524-bc29-9010b4c13748",
    key="ENG-7",
    state="cancelled",
    at=NOON - timedelta(minutes=1),
)


def test_a_report_reaches_priority_unchanged(tmp_path: Path) -> None:
    journey = Journey(tmp_path)
    journey.deliver("The export fails every time with an error.")
    journey.order(REPORT)
    assert [command.order for command in journey.of("assignments", Command)] == [REPORT]
