"""F35 at Jira, which takes no id of ours: after a doubt one looks until a search must show it, and sweeps later."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.dispatching import Desk, Site, issue_record
from tests.support.trackers.jira import DONE, JiraSite, jira
from tests.support.trackers.server import GIVES_UP_S, Scripted, patience

pytestmark = pytest.mark.alone

SECONDS = timedelta(seconds=1)


@pytest.fixture
def there() -> JiraSite:
    return JiraSite("Basic " + b64encode(b"bot@acme.test:jira-secret").decode())


@pytest.fixture
def server(there: JiraSite) -> Iterator[Scripted]:
    with jira(there).running() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, server: Scripted) -> Site:
    made = Site(tmp_path)
    tracker = {
        "kind": "jira", "name": "acme-jira", "url": server.url, "project": "ENG", "email": "bot@acme.test",
        "token_file": made.secret("token", "jira-secret"),
    }  # fmt: skip
    return made.tenant(tracker=tracker, evidence_url="https://app.test/items/{item_id}")


def is_open(issue: dict[str, object]) -> bool:
    return issue["fields"]["status"] != DONE  # type: ignore[index]


def test_an_issue_has_its_label_its_property_and_its_evidence(site: Site, there: JiraSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(labels=("product area", "undercurrent")))
        assert (await desk.deliver())["created"] == 1

    site.run(work)
    (issue,) = there.issues.values()
    label = "fb-" + issue_record().issue_id.replace("-", "")
    assert issue["fields"]["labels"] == [label, "product_area", "undercurrent"]
    assert issue["properties"] == {"feedback.issue": {"key": "acme|theme-1|1"}}
    assert {url for _, url in there.links} == {
        "undercurrent:https://desk.test/1",
        "undercurrent:https://app.test/items/i2",
    }


@pytest.mark.parametrize(
    ("resolution", "opened"),
    [("Done", True), ("Won't Do", False), ("Rejected", False), ("Invalid", False), ("Canceled", False)],
)
def test_only_what_was_done_is_opened_again(
    site: Site, there: JiraSite, resolution: str, opened: bool
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        (issue,) = there.issues.values()
        issue["fields"] |= {"status": DONE, "resolution": {"name": resolution}}
        await desk.take(issue_record(change="reopen", at=2))
        await desk.deliver()

    site.run(work)
    (issue,) = there.issues.values()
    assert is_open(issue) == opened


def test_a_doubt_waits_until_a_search_would_show_the_issue(
    site: Site, server: Scripted, there: JiraSite
) -> None:
    server.script("hang_after")
    there.hidden_for = 1

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        assert (await desk.deliver())["retried"] == 1
        # A claim is made a moment after the turn began, and 15 s are counted from it.
        assert (await desk.deliver(16 * SECONDS))["deferred"] == 1
        assert (await desk.deliver(6 * SECONDS))["deferred"] == 1
        assert (await desk.deliver(25 * SECONDS))["adopted"] == 1

    site.run(work, within_s=GIVES_UP_S)
    assert len(there.issues) == 1


@pytest.mark.parametrize("by_people", [None, "Low"])
def test_one_that_was_adopted_grows_more_urgent_unless_people_said_how_urgent_it_is(
    site: Site, server: Scripted, there: JiraSite, by_people: str | None
) -> None:
    server.script("hang_after")

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(priority=3, title="Export  fails\n1"))
        await desk.settle(4, 30 * SECONDS)
        assert site.counted("adopted", "jira") == 1
        (issue,) = there.issues.values()
        assert issue["fields"]["priority"] == {"name": "Medium"}
        if by_people is not None:
            issue["fields"]["priority"] = {"name": by_people}
        await desk.take(issue_record(change="recur", at=9, priority=2, title="Export fails: 9 accounts"))
        await desk.settle(2)

    site.run(work, within_s=GIVES_UP_S)
    (issue,) = there.issues.values()
    assert issue["fields"]["priority"] == {"name": by_people or "High"}
    assert issue["fields"]["summary"] == "Export fails: 9 accounts"


def test_a_priority_that_the_project_has_not_holds_up_nothing(site: Site, there: JiraSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(priority=2))
        await desk.deliver()
        await desk.take(issue_record(change="recur", at=9, priority=1, title="Export fails: 9 accounts"))
        await desk.take(issue_record(change="recur", at=10, priority=1, title="Export fails: 9 accounts"))
        await desk.settle(3)
        assert desk.states() == {"done": 3}

    site.run(work)
    (issue,) = there.issues.values()
    told = (issue["fields"]["summary"], issue["fields"]["priority"], len(there.comments[issue["id"]]))
    assert told == ("Export fails: 9 accounts", {"name": "High"}, 2)


@pytest.mark.parametrize("spoilt", ["hang", "reset", "500"])
def test_what_was_never_made_is_made_after_two_looks(
    site: Site, server: Scripted, there: JiraSite, spoilt: str
) -> None:
    server.script(spoilt)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(6, 30 * SECONDS)
        assert site.counted("created", "jira") == 1

    site.run(work, within_s=patience(spoilt))
    assert (len(there.issues), there.searches >= 2) == (1, True)


def test_what_no_search_showed_in_time_is_closed_by_the_sweeper(
    site: Site, server: Scripted, there: JiraSite
) -> None:
    server.script("hang_after")
    there.hidden_for = 2

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(6, 30 * SECONDS)
        assert len(there.issues) == 2
        assert (await desk.deliver(timedelta(minutes=10)))["swept"] == 1

    site.run(work, within_s=GIVES_UP_S)
    assert [is_open(issue) for issue in there.issues.values()].count(True) == 1
    (comment,) = [one for many in there.comments.values() for one in many]
    assert "Made twice" in str(comment["body"])


def test_a_sweep_leaves_alone_what_only_carries_the_label(
    site: Site, server: Scripted, there: JiraSite
) -> None:
    server.script("hang")

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(6, 30 * SECONDS)
        (ours,) = list(there.issues.values())
        there.issues["9"] = {**ours, "id": "9", "key": "ENG-9", "properties": {}}
        assert (await desk.deliver(timedelta(minutes=10)))["single"] == 1

    site.run(work, within_s=GIVES_UP_S)
    assert all(is_open(issue) for issue in there.issues.values())


def test_a_project_that_demands_more_goes_to_a_person_who_is_told_the_field(
    site: Site, there: JiraSite
) -> None:
    there.fields.append({"fieldId": "customfield_7", "required": True})

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        (row,) = desk.rows("manual")
        assert "customfield_7" in row.reason
        assert not row.is_outage

    site.run(work)
    assert there.issues == {}


def test_a_project_that_is_not_shown_is_told_to_a_person_and_called_deleted_by_nobody(
    site: Site, there: JiraSite
) -> None:
    there.shows_project = False

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        (row,) = desk.rows("manual")
        assert "no project ENG" in row.reason

    site.run(work)


def test_a_recurrence_comments_once_and_reopens_what_was_done(
    site: Site, server: Scripted, there: JiraSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        (issue,) = there.issues.values()
        issue["fields"]["status"] = DONE
        server.spoils = lambda asked: asked.path.endswith("/comment")
        server.script("hang_after")
        await desk.take(issue_record(at=9, change="reopen", description="They came back."))
        await desk.settle(4)

    site.run(work, within_s=GIVES_UP_S)
    (issue,) = there.issues.values()
    assert is_open(issue)
    assert [len(many) for many in there.comments.values()] == [1]


def test_a_comment_that_jira_writes_after_the_time_out_is_there_once(
    site: Site, server: Scripted, there: JiraSite
) -> None:
    server.spoils = lambda asked: asked.method == "POST" and asked.path.endswith("/comment")

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        server.script("hang")
        await desk.take(issue_record(change="recur", at=2))
        assert (await desk.deliver())["retried"] == 1
        (late,) = (asked for asked in server.asked if server.spoils(asked))
        assert not await desk.deliver(16 * SECONDS)
        there.answer(late)
        assert (await desk.deliver(5 * SECONDS))["commented"] == 1

    site.run(work, within_s=GIVES_UP_S)
    (said,) = there.comments.values()
    assert len(said) == 1
