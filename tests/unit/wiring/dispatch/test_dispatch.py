"""From a record to an effect outside: who decides, what is sent, how often, and what is kept of it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from tests.support.dispatching import NOW, Desk, Site, alert_record, issue_record
from tests.support.trackers.linear import LinearSite, linear
from tests.support.trackers.server import Scripted
from wiring.dispatch.destinations import read_destinations
from wiring.dispatch.previewing import preview, previews

pytestmark = pytest.mark.lengthy


@pytest.fixture
def there() -> LinearSite:
    return LinearSite()


@pytest.fixture
def server(there: LinearSite) -> Iterator[Scripted]:
    with linear(there).running() as server:
        yield server


def test_an_issue_has_labels_evidence_and_customers_with_tier_and_revenue(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        assert (await desk.deliver())["created"] == 1

    Site(tmp_path).linear(server.url, evidence_url="https://app.test/{item_id}").run(work)
    (issue,) = there.issues.values()
    assert {there.labels[name]["name"] for name in issue["labelIds"]} == {"billing", "undercurrent"}
    assert {url for _, url in there.attachments} == {"https://desk.test/1", "https://app.test/i2"}
    (customer,) = there.customers.values()
    assert (customer["tierName"], customer["revenue"]) == ("pro", 1206)
    assert [need["issueId"] for need in there.needs.values()] == [issue["id"]]


def test_a_plan_without_customers_gets_a_comment_once(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    there.has_customers = False

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(), issue_record(at=5, change="recur", description="Again."))
        await desk.settle(2)

    Site(tmp_path).linear(server.url).run(work)
    assert sorted(one["body"] for one in there.comments.values()) == [
        "Affected customers: northwind \\(pro\\).",
        "Again.",
    ]


def test_a_label_is_made_once_and_found_by_name(tmp_path: Path, server: Scripted, there: LinearSite) -> None:
    there.labels["theirs"] = {"id": "theirs", "name": "billing", "team": None}

    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n) for n in range(5)))
        await desk.deliver()

    Site(tmp_path).linear(server.url).run(work)
    assert sorted(one["name"] for one in there.labels.values()) == ["billing", "undercurrent"]
    assert all("theirs" in issue["labelIds"] for issue in there.issues.values())


def test_the_same_issue_is_opened_once_whatever_brings_it_again(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(), issue_record(), issue_record(at=7))
        await desk.deliver()
        await desk.take(issue_record(at=8))
        assert not await desk.deliver()

    Site(tmp_path).linear(server.url).run(work)
    assert len(there.creates) == 1


def test_what_is_to_be_observed_is_written_down_and_not_done(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(2)
        assert [(row.state, row.autonomy) for row in desk.rows()] == [("observed", "observe")]

    Site(tmp_path).linear(server.url, autonomy={"open": "observe"}).run(work)
    assert server.asked == []


def test_what_is_suggested_happens_once_a_person_approves(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        assert not await desk.deliver()
        (row,) = desk.rows("proposed")
        assert desk.dispatcher.stores.outbox.decide(row.id, "ann", NOW, "pending", ["proposed"])
        assert (await desk.deliver())["created"] == 1
        assert [(row.state, row.autonomy, row.decided_by) for row in desk.rows()] == [
            ("done", "suggest", "ann")
        ]

    Site(tmp_path).linear(server.url, autonomy={}).run(work)


def test_proposals_are_escalated_once_a_day_and_withdrawn_in_the_end(
    tmp_path: Path, server: Scripted
) -> None:
    site = Site(tmp_path)
    slack = {"kind": "slack", "name": "acme-slack", "url_file": site.secret("hook", server.url)}
    site.linear(server.url, autonomy={"alert": "suggest"}, alerts=[slack])

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.settle(4, timedelta(hours=8))
        assert [row.verb for row in desk.rows("proposed")].count("alert") == 1
        await desk.settle(12, timedelta(hours=8))
        assert [row.decided_by for row in desk.rows("cancelled") if row.verb == "open"] == ["undercurrent"]

    site.run(work)


def test_history_that_was_loaded_has_no_effect(tmp_path: Path, server: Scripted) -> None:
    old = NOW - timedelta(days=40)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(event_time=old), alert_record(event_time=old))
        assert not await desk.deliver()
        assert {(row.state, row.payload) for row in desk.rows()} == {("observed", None)}

    Site(tmp_path).linear(server.url).run(work)
    assert server.asked == []


def test_history_is_proposed_where_its_tenant_wants_it(tmp_path: Path, server: Scripted) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(event_time=NOW - timedelta(days=40)))
        assert desk.states() == {"proposed": 1}

    Site(tmp_path).linear(server.url, history="suggest").run(work)


def test_a_tenant_without_a_destination_has_no_effect(tmp_path: Path, server: Scripted) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(tenant="other"))
        assert desk.states() == {}

    Site(tmp_path).linear(server.url).run(work)


def test_the_months_issues_are_not_exceeded_and_the_rest_waits_for_the_next(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n) for n in range(5)))
        assert (await desk.settle(5))["deferred"] == 2
        assert len(there.issues) == 3
        await desk.deliver(timedelta(days=23))

    Site(tmp_path).linear(server.url, issues_per_month=3).run(work)
    assert len(there.issues) == 5


def test_a_quota_that_is_raised_counts_within_the_hour(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n) for n in range(3)))
        await desk.deliver(timedelta(hours=1))

    for quota in (1, 2):
        site = Site(tmp_path, now=NOW + timedelta(hours=2 * quota))
        site.linear(server.url, issues_per_month=quota).run(work)
        assert len(there.issues) == quota


def test_two_issues_of_merged_themes_are_related(tmp_path: Path, server: Scripted, there: LinearSite) -> None:
    into = issue_record(2).issue_id

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2))
        await desk.deliver()
        told = {"change": "relink", "into_issue_id": into, "description": "Merged.", "quotes": ()}
        await desk.take(issue_record(1, at=9, **told))
        assert (await desk.deliver())["related"] == 1

    Site(tmp_path).linear(server.url).run(work)
    assert [one["relatedIssueId"] for one in there.relations.values()] == [into]


def test_a_relation_to_an_issue_that_people_deleted_is_no_end_of_the_other(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    into = issue_record(2).issue_id

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(1), issue_record(2))
        await desk.deliver()
        there.delete(into)
        told = {"change": "relink", "into_issue_id": into, "description": "Merged.", "quotes": ()}
        await desk.take(issue_record(1, at=9, **told))
        assert (await desk.deliver())["commented"] == 1
        await desk.take(issue_record(1, at=10, change="recur", description="Again."))
        assert (await desk.deliver())["commented"] == 1

    Site(tmp_path).linear(server.url).run(work)


def test_a_change_of_an_issue_that_nobody_made_is_cancelled(tmp_path: Path, server: Scripted) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record(change="recur"))
        assert (await desk.deliver())["no_issue"] == 1

    Site(tmp_path).linear(server.url).run(work)


def test_nothing_that_customers_said_lies_open_in_the_store(tmp_path: Path, server: Scripted) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())

    Site(tmp_path).linear(server.url, autonomy={}).run(work)
    assert all(b"It hurts" not in path.read_bytes() for path in tmp_path.glob("edge.sqlite3*"))


def test_after_seven_days_an_effect_holds_no_quote_and_still_happens(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    site = Site(tmp_path).linear(server.url, autonomy={}, expire_after_h=160)

    async def work(desk: Desk) -> None:
        await desk.take(issue_record(ingested_at=NOW - timedelta(days=2), event_time=NOW - timedelta(days=2)))
        await desk.deliver(timedelta(days=5))
        (row,) = desk.rows("proposed")
        opened, stores = desk.dispatcher.opened, desk.dispatcher.stores
        assert "It hurts" not in str(preview(row, opened, stores, desk.site.now))
        desk.dispatcher.stores.outbox.decide(row.id, "ann", site.now, "pending", ["proposed"])
        await desk.deliver()

    site.run(work)
    (issue,) = there.issues.values()
    assert issue["description"] == "**Why now.** It rose.\n\n**Seen** first then.\n"


def test_a_preview_shows_the_quotes_of_what_is_younger_than_seven_days_alone(
    tmp_path: Path, server: Scripted
) -> None:
    async def work(desk: Desk) -> None:
        opened, stores = desk.dispatcher.opened, desk.dispatcher.stores
        for days, there in ((6, True), (7, False)):
            record = issue_record(ingested_at=NOW - timedelta(days=days))
            (shown,) = previews(iter([record]), opened, stores, NOW)
            assert ("It hurts" in str(shown.would)) is there

    Site(tmp_path).linear(server.url).run(work)


def test_a_done_effect_keeps_no_words(tmp_path: Path, server: Scripted) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        assert [(row.state, row.payload) for row in desk.rows()] == [("done", None)]

    Site(tmp_path).linear(server.url).run(work)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tenants: [{tenant: a, tracker: {kind: linear, name: x}}]", "token_file"),
        ("tenants: [{tenant: a, colour: red}]", "colour"),
        ("tenants: [{tenant: a}, {tenant: a}]", "a stands there twice"),
        ("tenants: [{tenant: a, autonomy: {open: always}}]", "open"),
        ("tenants: [", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "d.yaml"
    file.write_text(text)
    with pytest.raises(WrongUsage, match=says):
        read_destinations(file)


def test_a_secret_that_is_missing_rests_the_destination_and_says_which(
    tmp_path: Path, server: Scripted
) -> None:
    site = Site(tmp_path).linear(server.url)
    (tmp_path / "acme-token").unlink()

    async def work(desk: Desk) -> None:
        await desk.take(issue_record())
        await desk.deliver()
        assert "acme-token" in desk.dispatcher.stores.issues.paused()["acme-linear"].reason

    site.run(work)


def test_what_is_read_after_seven_days_is_sent_without_quotes(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    long_ago = NOW - timedelta(days=8)

    async def work(desk: Desk) -> None:
        await desk.deliver()  # nobody looks for a while at whose time is over
        await desk.take(issue_record(event_time=long_ago, ingested_at=long_ago))
        (row,) = desk.rows("pending")
        assert "It hurts" not in desk.dispatcher.stores.envelopes.issue(row).model_dump_json()
        assert (await desk.deliver())["created"] == 1

    Site(tmp_path).linear(server.url).run(work)
    (issue,) = there.issues.values()
    assert "It hurts" not in issue["description"]
    assert {url for _, url in there.attachments} == {"https://desk.test/1"}


def test_a_destination_that_is_another_tenants_now_gets_nothing_of_the_first(
    tmp_path: Path, server: Scripted, there: LinearSite
) -> None:
    site = Site(tmp_path).linear(server.url, autonomy={"open": "suggest"})
    slack = {"kind": "slack", "name": "slack", "url_file": site.secret("slack", f"{server.url}/slack")}
    site.tenants[0]["alerts"] = [slack]

    async def before(desk: Desk) -> None:
        await desk.take(issue_record(), alert_record())

    async def after(desk: Desk) -> None:
        outbox = desk.dispatcher.stores.outbox
        (proposal,) = desk.rows("proposed")
        assert preview(proposal, desk.dispatcher.opened, desk.dispatcher.stores, desk.site.now).would is None
        assert outbox.decide(proposal.id, "ann", desk.site.now, "pending", ["proposed"])
        await desk.settle(3, timedelta(minutes=20))
        assert {row.reason for row in desk.rows("manual")} == {"its destination stands in the file no more"}

    site.tenant(tenant="initech").run(before)
    theirs, site.tenants = site.tenants[0], []
    site.tenant(tenant="acme").tenant(**{**theirs, "tenant": "globex"}).run(after)
    assert not server.asked
