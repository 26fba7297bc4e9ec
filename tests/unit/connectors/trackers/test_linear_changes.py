"""Evidence and customers in few requests, whatever Linear does with a document of which a part fails."""

from __future__ import annotations

import asyncio

import pytest

from connectors.outgoing import Clients
from connectors.trackers.linear import LinearPlace, LinearTracker
from connectors.trackers.linear_changes import MOST, documents, known
from connectors.trackers.port import Customer, Draft, Evidence, Issue
from tests.support.trackers.linear import TEAM, TOKEN, LinearSite
from tests.support.trackers.server import ANSWERS_S, Scripted

pytestmark = pytest.mark.lengthy

ISSUE_ID = "c723c24b-5c71-4524-bc29-9010b4c13748"
AFTER_FAILURE = ("stops", "goes_on", "undone")


def draft(*accounts: str, evidence: int = 12) -> Draft:
    pieces = tuple(Evidence(f"https://desk.test/{n}", f"Feedback {n}", f"item {n}") for n in range(evidence))
    customers = tuple(Customer(name, "gold", 1_200) for name in accounts)
    return Draft(ISSUE_ID, "acme|t|1", "Title", "Text", 2, (), pieces, customers)


def enriched(site: LinearSite, *drafts: Draft) -> list[int]:
    """How many requests each draft took."""

    async def work(server: Scripted) -> list[int]:
        clients, took = Clients(ANSWERS_S), []
        tracker = LinearTracker(clients.sender("lin"), LinearPlace(TEAM, url=server.url), lambda: TOKEN)
        for one in drafts:
            before = len(server.asked)
            await tracker.enrich(Issue(ISSUE_ID, "ENG-1", "https://linear.test/ENG-1"), one)
            took.append(len(server.asked) - before)
        await clients.aclose()
        return took

    site.issues.setdefault(ISSUE_ID, {"id": ISSUE_ID, "archivedAt": None})
    with Scripted(site).running() as server:
        return asyncio.run(work(server))


def test_evidence_and_customers_take_two_requests() -> None:
    site = LinearSite()
    assert enriched(site, draft("acme", "globex", "initech")) == [2]
    assert len(site.attachments) == 12
    assert sorted(site.customers) == ["acme", "globex", "initech"]
    assert len(site.needs) == 3


@pytest.mark.parametrize("after_failure", AFTER_FAILURE)
def test_a_customer_more_is_added_beside_those_that_are_there(after_failure: str) -> None:
    site = LinearSite(after_failure=after_failure)
    took = enriched(site, draft("acme", "globex"), draft("acme", "initech", "globex", "hooli"))
    assert sorted(site.customers) == ["acme", "globex", "hooli", "initech"]
    assert {one["customerExternalId"] for one in site.needs.values()} == set(site.customers)
    assert took[1] <= 4


@pytest.mark.parametrize("after_failure", AFTER_FAILURE)
def test_needs_that_are_there_and_are_not_shown_hold_up_no_other(after_failure: str) -> None:
    class Archived(LinearSite):
        def _issues(self, told: object) -> dict[str, list[object]]:
            return {"nodes": []}

    site = Archived(after_failure=after_failure)
    enriched(site, draft("acme", "globex"), draft("acme", "initech", "globex", "hooli"))
    assert len(site.needs) == 4


@pytest.mark.parametrize("after_failure", AFTER_FAILURE)
def test_evidence_stands_where_the_plan_has_no_customers(after_failure: str) -> None:
    site = LinearSite(has_customers=False, after_failure=after_failure)
    assert enriched(site, draft("acme", "globex"), draft("acme")) == [3, 2]
    assert len(site.attachments) == 12
    assert "acme \\(gold\\)" in next(iter(site.comments.values()))["body"]


def test_a_document_has_a_bound() -> None:
    changes = [known(Customer(f"c{n}")) for n in range(2 * MOST + 1)]
    told = list(documents(changes))
    assert [len(variables) for _, variables in told] == [MOST, MOST, 1]
    assert told[2][0] == "mutation($i0:CustomerUpsertInput!){m0:customerUpsert(input:$i0){success}}"
