"""What customers said and take back: no tracker repeats it, and nothing that people wrote is touched."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.store.issues import Tracked
from tests.support.dispatching import NOW, Desk, Site, alert_record, issue_record
from tests.support.trackers.jira import JiraSite, jira
from tests.support.trackers.linear import LinearSite, linear
from tests.support.trackers.server import Scripted
from tests.support.trackers.sinks import SlackSite
from tests.support.withdrawing import ANN, BEN, QUOTES, Board, JiraBoard, LinearBoard, quoting, taken_back
from wiring.dispatch.previewing import preview, previews

pytestmark = pytest.mark.lengthy

BASIC = "Basic " + b64encode(b"bot@acme.test:secret").decode()


@pytest.fixture(params=["linear", "jira"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Board]:
    there: Any = LinearSite() if request.param == "linear" else JiraSite(BASIC)
    server: Scripted = linear(there) if request.param == "linear" else jira(there)
    with server.running():
        site, kind = Site(tmp_path), LinearBoard if request.param == "linear" else JiraBoard
        yield kind(site, there, server)


async def told(desk: Desk, *records: Any) -> None:
    """Taken, and carried out."""
    await desk.take(*records)
    await desk.settle(3)


def test_an_erased_persons_quote_leaves_the_issue_and_others_stay(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        assert "Ann was charged" in board.text()
        await told(desk, taken_back(subject=ANN))

    board.run(work)
    assert "Ann" not in board.text()
    assert "Ben cannot export" in board.text()
    assert board.links() == {"https://desk.test/ben"}


def test_a_deleted_items_quote_leaves_the_issue_and_its_account_stays(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting(), taken_back(concern="c-ann"))

    board.run(work)
    assert "Ann" not in board.text()
    assert "northwind" in board.text()


def test_an_account_for_which_only_erased_people_spoke_is_named_no_more(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting(), taken_back(subject=ANN))

    board.run(work)
    assert "northwind" not in board.text()
    assert "initech" in board.text()
    assert "northwind" not in board.needs()


def test_what_people_added_to_the_text_stays_letter_for_letter(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        board.add_above("Ours, do not touch: *see* ENG-1.")
        await told(desk, taken_back(subject=ANN))
        assert desk.states() == {"done": 2}

    board.run(work)
    assert "Ann" not in board.text()
    assert board.first() == "Ours, do not touch: *see* ENG-1."


def test_a_quote_that_people_changed_waits_for_a_person(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        board.replace("Ann was charged twice", "She, Ann, was charged twice")
        await told(desk, taken_back(subject=ANN))
        (row,) = desk.rows("manual")
        assert "item i-ann" in row.reason
        assert "charged" not in row.reason

    board.run(work)
    assert "She, Ann" in board.text()


def test_a_comment_loses_its_quote_and_no_other_comment_changes(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, issue_record(), quoting(at=5, change="recur"))
        board.say("What Ann was charged is known.")
        await told(desk, taken_back(subject=ANN))

    board.run(work)
    ours, theirs = board.comments()
    assert "Ann" not in ours
    assert "Ben cannot export" in ours
    assert theirs == "What Ann was charged is known."


def test_what_waits_is_rewritten_before_it_is_sent(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(quoting(), taken_back(subject=ANN))
        stores = desk.dispatcher.stores
        (waits,) = [row for row in desk.rows("pending") if row.verb == "open"]
        record = stores.envelopes.issue(waits)
        assert "Ann" not in record.model_dump_json()
        await desk.settle(2)

    board.run(work)
    assert "Ann" not in board.text()
    assert board.changes() == 0


def test_an_erasure_waits_for_nobodys_approval(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        await told(desk, issue_record(at=4, change="recur"), taken_back(subject=ANN))
        assert {row.verb: row.state for row in desk.rows()} == {
            "open": "done", "recur": "proposed", "withdraw": "done"
        }  # fmt: skip

    board.run(work, autonomy={"open": "act"})
    assert "Ann" not in board.text()


def test_the_same_order_again_changes_nothing(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting(), taken_back(subject=ANN))
        before = board.changes()
        await told(desk, taken_back(subject=ANN), taken_back(at=11, subject=ANN))
        assert board.changes() == before

    board.run(work)


def test_an_issue_that_people_deleted_needs_nothing(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        board.delete()
        await told(desk, taken_back(subject=ANN))
        assert desk.states() == {"done": 2}

    board.run(work)


def test_what_a_token_may_not_see_is_not_taken_for_deleted(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        board.hide()
        await told(desk, taken_back(subject=ANN), issue_record(at=12, change="recur"))
        assert desk.states() == {"done": 1, "pending": 2}
        assert desk.dispatcher.stores.issues.paused()
        board.hide(hidden=False)
        await desk.settle(8)
        assert desk.states() == {"done": 3}

    board.run(work)
    assert "Ann" not in board.text()
    assert board.comments()


def test_a_time_out_after_success_cuts_once_and_asks_nobody(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        board.add_above("Edited.")
        board.spoil("hang_after", "500_after")
        await told(desk, taken_back(subject=ANN))
        await desk.settle(3)
        assert desk.states() == {"done": 2}

    board.run(work)
    assert "Ann" not in board.text()


def test_quotes_that_had_their_time_are_missed_by_nobody(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(quoting(ingested_at=NOW - timedelta(days=8), event_time=NOW - timedelta(days=8)))
        await desk.settle(2)
        board.add_above("Edited.")
        await told(desk, taken_back(subject=ANN))
        assert desk.states() == {"done": 2}

    board.run(work)
    assert board.links() == {"https://desk.test/ben"}


def test_two_people_erased_leave_no_quote(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting(), taken_back(subject=ANN), taken_back(at=11, subject=BEN))

    board.run(work)
    assert "Ben" not in board.text()
    assert board.links() == set()


def test_an_archived_issue_waits_for_somebody_to_restore_it(tmp_path: Path) -> None:
    there = LinearSite()

    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        (issue,) = there.issues.values()
        issue["archivedAt"] = "2026-03-10T12:00:00Z"
        await told(desk, taken_back(subject=ANN))
        (row,) = desk.rows("manual")
        assert "archived" in row.reason
        issue["archivedAt"] = None
        assert desk.dispatcher.stores.outbox.decide(row.id, "ann", desk.site.now, "pending", ["manual"])
        await desk.settle(1)
        assert "Ann" not in issue["description"]

    with linear(there).running() as server:
        LinearBoard(Site(tmp_path), there, server).run(work)


def test_a_dry_run_says_what_would_be_taken_out_and_asks_nobody(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting())
        asked, stores = len(board.server.asked), desk.dispatcher.stores
        (new,) = previews(iter([taken_back(subject=ANN)]), desk.dispatcher.opened, stores, desk.site.now)
        assert new.would["quotes_of_items"] == ["i-ann"]
        await desk.take(taken_back(subject=ANN))
        (row,) = desk.rows("pending")
        shown = preview(row, desk.dispatcher.opened, stores, desk.site.now).would
        assert (shown["quotes_of_items"], shown["links"], shown["accounts"]) == (["i-ann"], 1, 1)
        assert len(board.server.asked) == asked

    board.run(work)


def test_the_store_holds_nothing_of_what_was_said(board: Board) -> None:
    async def work(desk: Desk) -> None:
        await told(desk, quoting(), taken_back(subject=ANN))

    board.run(work)
    stored = b"".join(path.read_bytes() for path in board.site.folder.glob("edge.sqlite3*"))
    assert b"charged twice" not in stored
    assert b"northwind" not in stored


def test_an_address_of_any_length_is_evidence_and_goes_again(board: Board) -> None:
    ann, ben = (
        quote.model_copy(update={"source_url": f"{quote.source_url}?{'x' * 400}"}) for quote in QUOTES
    )

    async def work(desk: Desk) -> None:
        await told(desk, quoting(quotes=(ann, ben)))
        assert board.links() == {ann.source_url, ben.source_url}
        await told(desk, taken_back(subject=ANN))
        assert board.links() == {ben.source_url}

    board.run(work)


def test_a_customer_leaves_an_issue_that_somebody_made_by_hand(tmp_path: Path) -> None:
    there = LinearSite()

    async def work(desk: Desk) -> None:
        await told(desk, quoting(issue_id="by-hand", theme_id="theirs"))
        opened = quoting()
        made = Tracked("acme-linear", opened.issue_id, "acme", opened.theme_id, "by-hand", "ENG-1", "", {})
        desk.dispatcher.stores.issues.track(made, desk.site.now)
        await told(desk, quoting(at=5, change="recur"))
        await told(desk, taken_back(subject=ANN))
        assert {need["customerExternalId"] for need in there.needs.values()} == {"initech"}

    with linear(there).running() as server:
        LinearBoard(Site(tmp_path), there, server).run(work)


def test_alerts_that_were_sent_are_listed_and_carry_no_word(tmp_path: Path) -> None:
    there, hooks = LinearSite(), SlackSite()

    async def work(desk: Desk) -> None:
        await told(desk, quoting(), alert_record())
        desk.site.now += timedelta(minutes=1)
        await told(desk, taken_back(subject=ANN))
        stores = desk.dispatcher.stores
        (order,) = stores.outbox.withdrawals("acme")
        (alert,) = stores.alerts.said("acme", "theme-1", order.taken_at)
        assert (alert.destination, alert.about) == ("acme-slack", "alert-1")

    with linear(there).running() as server, Scripted(hooks).running() as slack:
        site = Site(tmp_path)
        alerts = [{"kind": "slack", "name": "acme-slack", "url_file": site.secret("hook", slack.url)}]
        site.linear(server.url, alerts=alerts).run(work)
    assert "Ann" not in str(hooks.posted)
