"""An incident does not flood a channel: what comes within a minute of a message is said in one, with its number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update

from cli.dispatch import as_text
from connectors.alerting.slack import SECTION_CHARS, digest
from connectors.store.tables import outbox
from contracts.priority import Alert
from tests.support.dispatching import NOW, Desk, Site, alert_record
from tests.support.trackers.server import Asked, Said, Scripted
from tests.support.trackers.sinks import SlackSite
from wiring.dispatch.previewing import preview
from wiring.dispatch.words import notice_of

pytestmark = pytest.mark.lengthy

SECONDS = timedelta(seconds=1)
PINGS = "<!channel> & <@U1>" * 40


class Channel:
    """A tenant with one Slack channel."""

    def __init__(self, folder: Path, slack: SlackSite, url: str, **more: Any) -> None:
        self.slack, self.site = slack, Site(folder)
        entry = {"kind": "slack", "name": "s", "url_file": self.site.secret("hook", url), **more}
        self.site.tenant(alerts=[entry])

    @property
    def titles(self) -> list[str]:
        """The headers of what was posted."""
        return [one["blocks"][0]["text"]["text"] for one in self.slack.posted]


@pytest.fixture
def slack() -> SlackSite:
    return SlackSite()


@pytest.fixture
def url(slack: SlackSite) -> Iterator[str]:
    with Scripted(slack).running() as server:
        yield server.url


@pytest.fixture
def channel(tmp_path: Path, slack: SlackSite, url: str) -> Channel:
    return Channel(tmp_path, slack, url)


def alerts(first: int, count: int, **told: Any) -> list[Alert]:
    return [alert_record(n, title=f"Export fails {n}", **told) for n in range(first, first + count)]


def test_the_first_is_said_at_once_and_what_follows_within_a_minute_in_one(channel: Channel) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*alerts(0, 1))
        await desk.deliver()
        for n in range(1, 41):
            await desk.take(*alerts(n, 1))
            await desk.deliver(SECONDS)
        assert channel.titles == ["Export fails 0"]
        await desk.deliver(21 * SECONDS)
        assert desk.states() == {"done": 41}

    channel.site.run(work)
    assert channel.titles == ["Export fails 0", "40 alerts of acme"]
    said = channel.slack.posted[1]["blocks"][1]["text"]["text"]
    assert all(f"Export fails {n}" in said for n in range(1, 41))


def test_one_that_cannot_be_opened_keeps_no_other_from_being_said(channel: Channel) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*alerts(0, 1, severity="page"), *alerts(1, 1, severity="info"), *alerts(2, 1))
        spoiled = outbox.c.record_id == "0-1-priority-1"
        with desk.dispatcher.stores.outbox.engine.begin() as store:
            store.execute(update(outbox).where(spoiled).values(payload="{}"))
        await desk.settle()
        assert {row.record_id: row.state for row in desk.rows()} == {
            "0-0-priority-1": "done", "0-1-priority-1": "manual", "0-2-priority-1": "done",
        }  # fmt: skip

    channel.site.run(work)
    assert channel.titles == ["2 alerts of acme"]


def test_a_dry_run_says_that_an_alert_of_yesterday_is_not_sent_any_more(channel: Channel) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*alerts(0, 1))
        opened, stores, (row,) = desk.dispatcher.opened, desk.dispatcher.stores, desk.rows()
        soon, late = (preview(row, opened, stores, NOW + timedelta(hours=hours)) for hours in (24, 25))
        assert (soon.effect.state, soon.would is None) == ("pending", False)
        assert (late.effect.state, late.would) == ("cancelled", None)
        assert "news no more" in as_text(late)
        assert "would be sent" not in as_text(late)

    channel.site.run(work)


def test_a_flood_of_ten_minutes_is_at_most_a_message_a_minute(channel: Channel) -> None:
    async def work(desk: Desk) -> None:
        for turn in range(20):
            await desk.take(*alerts(5 * turn, 5))
            await desk.deliver(30 * SECONDS)
        await desk.settle()
        assert desk.states() == {"done": 100}

    channel.site.run(work)
    assert len(channel.slack.posted) <= 12


def test_what_comes_while_another_process_says_something_is_said_with_the_next_message(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on, answer = Event(), Event(), channel.slack.answer

    def slowly(given: Asked) -> Said:
        asked.set()
        go_on.wait(10)
        return answer(given)

    monkeypatch.setattr(channel.slack, "answer", slowly)

    async def work(desk: Desk) -> None:
        await desk.take(*alerts(0, 1))
        saying = asyncio.create_task(desk.deliver())
        await asyncio.to_thread(asked.wait, 10)
        async with channel.site.open() as other:
            await other.take(*alerts(1, 2))
            late = asyncio.create_task(other.deliver())
            await asyncio.wait({late}, timeout=1.0)
            go_on.set()
            await asyncio.gather(late, saying)
        assert channel.titles == ["Export fails 0"]
        await desk.deliver(61 * SECONDS)

    channel.site.run(work)
    assert channel.titles == ["Export fails 0", "2 alerts of acme"]


def test_a_message_that_fails_loses_none_of_its_alerts(channel: Channel) -> None:
    async def work(desk: Desk) -> None:
        channel.slack.status = 500
        await desk.take(*alerts(0, 7))
        await desk.deliver()
        assert desk.states() == {"pending": 7}
        channel.slack.status = 200
        await desk.settle()
        assert desk.states() == {"done": 7}

    channel.site.run(work)
    told = str(channel.slack.posted)
    assert all(f"Export fails {n}" in told for n in range(7))


def test_where_nothing_is_to_be_joined_each_has_a_message(tmp_path: Path, slack: SlackSite, url: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(*alerts(0, 5))
        await desk.deliver()

    Channel(tmp_path, slack, url, together_s=0).site.run(work)
    assert len(slack.posted) == 5


def test_the_gravest_come_first_with_their_links_and_what_has_no_room_is_counted() -> None:
    notices = [notice_of(one) for one in alerts(0, 100, severity="info") + alerts(900, 1)]
    told = digest(notices)
    text = told["blocks"][1]["text"]["text"]
    assert text.startswith(":rotating_light: Export fails 900")
    assert len(text) <= SECTION_CHARS
    shown = text.count("Export fails")
    assert shown == 101 or text.endswith(f"and {101 - shown} more")
    assert told["blocks"][0]["text"]["text"] == "101 alerts of acme"


def test_nobody_is_pinged_by_many_any_more_than_by_one() -> None:
    notices = [notice_of(one) for one in [*alerts(0, 1), alert_record(2, title=PINGS)]]
    told = str(digest(notices)["blocks"][1:])
    assert "<!channel>" not in told
    assert "<@U1>" not in told
