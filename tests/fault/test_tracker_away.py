"""F34, F35, F36: trackers that fail, that act and then say nothing, and people who change, close and delete issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.priority import LinearIssue
from tests.support.dispatching import Desk, Site, issue_record
from tests.support.trackers.linear import LinearSite, linear
from tests.support.trackers.server import GIVES_UP_S, Scripted, patience

pytestmark = pytest.mark.alone

MINUTES = timedelta(minutes=2)


@pytest.fixture
def there() -> LinearSite:
    return LinearSite()


@pytest.fixture
def server(there: LinearSite) -> Iterator[Scripted]:
    with linear(there).running() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, server: Scripted) -> Site:
    return Site(tmp_path).linear(server.url)


def change(what: str, at: int = 9, **more: object) -> LinearIssue:
    return issue_record(1, at=at, change=what, description=f"They {what}.", **more)


def only(there: LinearSite) -> dict[str, object]:
    (issue,) = there.issues.values()
    return issue


@pytest.mark.parametrize("spoilt", ["500", "503", "hang", "reset"])
def test_a_tracker_that_fails_gets_three_tries_and_then_a_person(
    site: Site, server: Scripted, spoilt: str
) -> None:
    server.script(*[spoilt] * 3)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        outcomes = await desk.settle(3)
        assert (outcomes["retried"], outcomes["gave_up"]) == (2, 1)
        assert [row.state for row in desk.rows()] == ["manual"]

    site.run(work, within_s=patience(spoilt))


def test_what_an_outage_left_over_is_delivered_within_the_hour_after_it(
    site: Site, server: Scripted, there: LinearSite
) -> None:
    server.script(*["503"] * 30)

    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n) for n in range(10)))
        await desk.settle(3)
        assert desk.states() == {"manual": 10}
        await desk.settle(15, timedelta(minutes=4))

    site.run(work)
    assert len(there.issues) == 10


def test_a_rate_limit_is_waited_out_and_counts_as_no_try(site: Site, there: LinearSite) -> None:
    there.limited = 4

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        assert (await desk.deliver())["limited"] == 1
        assert not await desk.deliver(timedelta(seconds=29))
        await desk.settle(4)

    site.run(work)
    assert len(there.issues) == 1
    assert site.counted("gave_up") == 0


def test_a_401_rests_that_tenant_alone_and_loses_nothing(
    tmp_path: Path, site: Site, server: Scripted, there: LinearSite
) -> None:
    site.linear(server.url, tenant="other")
    site.secret("acme-token", "revoked")

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2), issue_record(1, tenant="other"))
        await desk.deliver()
        assert list(desk.dispatcher.stores.issues.paused()) == ["acme-linear"]
        assert {row.tenant: row.state for row in desk.rows()} == {"acme": "pending", "other": "done"}
        site.secret("acme-token", there.token)
        await desk.deliver(timedelta(minutes=11))

    site.run(work)
    assert len(there.issues) == 3


@pytest.mark.parametrize("spoilt", ["hang_after", "reset_after", "500_after"])
@pytest.mark.parametrize("conflict", [200, 400])
def test_an_issue_that_was_made_without_a_word_is_adopted(
    site: Site, server: Scripted, there: LinearSite, spoilt: str, conflict: int
) -> None:
    there.conflict_status = conflict
    server.script(spoilt, spoilt)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(3)
        assert desk.states() == {"done": 1}

    site.run(work, within_s=patience(spoilt))
    assert len(there.issues) == len(there.creates) == 1
    assert site.counted("adopted") == 1


@pytest.mark.parametrize("issues", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_after_any_number_of_time_outs_every_issue_is_there_once(
    site: Site, server: Scripted, there: LinearSite, issues: int
) -> None:
    server.script(*["hang_after"] * issues)

    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n) for n in range(issues)))
        await desk.settle(4)
        assert desk.states() == {"done": issues}

    site.run(work, within_s=GIVES_UP_S)
    assert len(there.issues) == len(there.creates) == issues


def test_an_issue_that_people_deleted_is_not_made_again(site: Site, there: LinearSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.delete(issue_record().issue_id)
        await desk.take(issue_record(), change("recur"), change("reopen", 10))
        await desk.settle(3)
        assert desk.states() == {"done": 1, "cancelled": 2}

    site.run(work)
    assert there.issues == {}
    assert len(there.creates) == 1


def test_one_that_people_deleted_before_we_heard_of_it_is_not_made_again(
    site: Site, server: Scripted, there: LinearSite
) -> None:
    server.script("hang_after")

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.delete(issue_record().issue_id)
        await desk.settle(3)
        assert [row.reason for row in desk.rows("cancelled")] == ["people deleted it; it is not made again"]

    site.run(work, within_s=GIVES_UP_S)
    assert there.issues == {}


def test_what_people_archived_is_left_alone(site: Site, there: LinearSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.edit(issue_record().issue_id, archivedAt="2026-03-11T00:00:00Z")
        await desk.take(change("reopen"))
        assert (await desk.deliver(MINUTES))["deleted"] == 1

    site.run(work)
    assert only(there)["state"] == {"id": "state-triage", "type": "triage"}


def test_what_people_wrote_stays_and_what_we_wrote_is_brought_up_to_date(
    site: Site, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.edit(issue_record().issue_id, title="Ann's words", labelIds=["hers"])
        await desk.take(change("recur", title="Export fails 1: 9 accounts", priority=1))
        await desk.deliver(MINUTES)

    site.run(work)
    issue = only(there)
    assert (issue["title"], issue["priority"]) == ("Ann's words", 1)
    assert "hers" in issue["labelIds"]  # type: ignore[operator]


def test_a_priority_that_people_set_is_kept(site: Site, there: LinearSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.edit(issue_record().issue_id, priority=4)
        await desk.take(change("recur", priority=1), change("recur", 10, priority=1, priority_by_people=True))
        await desk.settle(2)

    site.run(work)
    assert only(there)["priority"] == 4


@pytest.mark.parametrize(
    ("was", "then"), [("completed", "unstarted"), ("canceled", "canceled"), ("duplicate", "duplicate")]
)
def test_only_what_was_done_is_opened_again(site: Site, there: LinearSite, was: str, then: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.move(issue_record().issue_id, was)
        await desk.take(change("reopen"))
        await desk.deliver(MINUTES)

    site.run(work)
    assert only(there)["state"]["type"] == then  # type: ignore[index]
    assert [one["body"] for one in there.comments.values()] == ["They reopen."]


def test_a_team_that_is_not_there_is_told_to_a_person_and_called_deleted_by_nobody(
    site: Site, there: LinearSite
) -> None:
    there.team = "another"

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(3)
        (row,) = desk.rows("manual")
        assert "team" in row.reason

    site.run(work)


def test_a_label_that_people_deleted_costs_no_issue(site: Site, there: LinearSite) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1))
        await desk.deliver()
        there.labels = {f"new-{name}": {**one, "id": f"new-{name}"} for name, one in there.labels.items()}
        await desk.take(issue_record(2), change("recur"))
        await desk.settle(3)
        assert desk.states() == {"done": 3}

    site.run(work)
    assert all(set(issue["labelIds"]) & set(there.labels) for issue in there.issues.values())
    assert len(there.issues) == 2


def test_an_issue_that_people_moved_to_another_team_is_opened_again_there(
    site: Site, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        there.transfer(issue_record().issue_id, "team-2")
        there.labels["theirs"] = {"id": "theirs", "name": "billing", "team": {"id": "team-2"}}
        there.edit(issue_record().issue_id, state={"id": "team-2-completed", "type": "completed"})
        await desk.take(change("reopen"))
        assert (await desk.deliver(MINUTES))["reopened"] == 1

    site.run(work)
    issue = only(there)
    assert issue["state"] == {"id": "team-2-unstarted", "type": "unstarted"}
    assert issue["labelIds"] == ["theirs"]
    assert [one["body"] for one in there.comments.values()] == ["They reopen."]
