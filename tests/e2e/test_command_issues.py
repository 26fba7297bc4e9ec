"""``undercurrent issues`` on a finished run: a tracker reports through the journal, and the list says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cli.letters import open_desk
from connectors.kafka.names import GENERATION, PREFIX
from contracts.commands import ReportIssue
from tests.support.commands import undercurrent
from wiring.appending import Given

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def test_an_issue_that_was_done_is_listed_with_whom_to_tell(own_copy: Path) -> None:
    before = undercurrent("issues", "--dir", own_copy, "--json").json["issues"]
    assert {one["state"] for one in before} == {"open"}
    issue = before[0]["issue_id"]
    report = ReportIssue(tracker="linear", issue_id=issue, key="ENG-42", state="done", at=NOW)
    with open_desk(own_copy, own_copy, GENERATION, PREFIX, None).orders() as orders:
        orders.give("linear", [Given("local", report)])
    told = undercurrent("events", "add", "release", "1", "--tenant", "local", "--dir", own_copy)
    assert told.code == 0  # the flow has gone on to the journal's end
    (done,) = undercurrent("issues", "--dir", own_copy, "--state", "done", "--json").json["issues"]
    assert (done["issue_id"], done["key"], done["theme_resolution"]["of"]) == (issue, "ENG-42", 1)
    assert undercurrent("issues", "--dir", own_copy, "--tell", "ENG-42", "--json").json["accounts"] > 0
