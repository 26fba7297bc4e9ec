"""From a rule to an issue at a simulated Linear, back by a signed webhook, and the same issue opened again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from connectors.keys.vault import LocalVault
from connectors.vendors.linear import VENDOR
from connectors.vendors.port import Request
from connectors.vendors.values import iso
from contracts.commands import Command
from contracts.priority import LinearIssue
from contracts.registry import read_journal
from models.priority.policy import ImpactRule, PriorityPolicy
from tests.support.dispatching import Desk, Site
from tests.support.trackers.linear import LinearSite, linear
from tests.unit.connectors.vendors.trackers import connection, digest
from tests.unit.operators.priority_streams import Journal, at, on
from wiring.edge.sealing import Batch, Sealer

RULES = PriorityPolicy(rules=(ImpactRule(enter=30, exit=20, min_accounts=5),))


@pytest.fixture
def there() -> LinearSite:
    return LinearSite()


@pytest.fixture
def site(tmp_path: Path, there: LinearSite) -> Iterator[Site]:
    with linear(there).running() as server:
        yield Site(tmp_path).linear(server.url)


def burst(journal: Journal, hours: float) -> None:
    journal.tick(hours)
    for number in range(12):
        journal.concern(f"c{hours}-{number}", hours, sentiment="negative", sentiment_milli=-700)


def asked(journal: Journal) -> list[LinearIssue]:
    """What is to be done at the tracker, as it is when it comes at once."""
    said = on("linear", journal.run(RULES))
    return [one.model_copy(update={"ingested_at": one.event_time}) for one in said]


def webhook(there: LinearSite, name: str, now: datetime) -> bytes:
    """What Linear tells when the state of an issue changed."""
    data = {**there.issues[name], "labels": list(there.labels.values()), "updatedAt": iso(now)}
    told = {"action": "update", "type": "Issue", "data": data, "updatedFrom": {"stateId": "s"}}
    return orjson.dumps(told | {"webhookTimestamp": int(now.timestamp() * 1000)})


def through_the_edge(folder: Path, body: bytes, now: datetime) -> list[Command]:
    """The journal's records of a signed notification."""
    here = connection(VENDOR)
    request = Request({"linear-signature": digest(body), "linear-delivery": "d-1"}, body, now)
    VENDOR.verify(here, request, now)
    with closing(LocalVault(folder / "keys")) as vault:
        (lines,) = Sealer(vault).seal([Batch(here, VENDOR.received(here, request), now)])
    assert not isinstance(lines, Exception)
    found = [read_journal(0, n, line) for n, line in enumerate(lines)]
    return [one for one in found if isinstance(one, Command)]


def test_customers_who_come_back_after_it_was_done_open_the_same_issue(
    tmp_path: Path, site: Site, there: LinearSite
) -> None:
    journal = Journal()
    journal.theme("theme-a")

    async def work(desk: Desk) -> None:
        burst(journal, 1)
        await desk.take(*asked(journal))
        await desk.settle(2)
        (name,) = there.issues
        there.move(name, "completed")
        for command in through_the_edge(tmp_path, webhook(there, name, at(5)), at(5)):
            journal.order(command.order, 5)  # type: ignore[arg-type]
        burst(journal, 60)
        await desk.take(*asked(journal)[1:])
        await desk.settle(2)

    site.run(work)
    (issue,) = there.issues.values()
    assert issue["state"]["type"] == "unstarted"
    assert ["came back" in one["body"] for one in there.comments.values()] == [True]
