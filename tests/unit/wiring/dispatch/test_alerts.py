"""Alerts to Slack, PagerDuty and webhooks: what is said, to whom, and what a sink that is gone means."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from connectors.addresses import is_public
from connectors.alerting.slack import cut, escaped, message
from tests.support.dispatching import Desk, Site, alert_record
from tests.support.trackers.server import Scripted
from tests.support.trackers.sinks import HookSite, PagerDutySite, SlackSite
from wiring.dispatch.words import notice_of

pytestmark = pytest.mark.lengthy


class Sinks:
    """All three, and a tenant that has them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.slack, self.pager, self.hook = SlackSite(), PagerDutySite(), HookSite()
        slack, pager, hook = (
            stack.enter_context(Scripted(one).running()) for one in (self.slack, self.pager, self.hook)
        )
        self.site = Site(folder)
        self.entries: list[dict[str, Any]] = [
            {"kind": "slack", "name": "s", "url_file": self.site.secret("hook", slack.url)},
            {"kind": "pagerduty", "name": "p", "url": pager.url, "routing_key_file": self.site.secret("rk", "k" * 32)},
            {
                "kind": "webhook", "name": "w", "url": f"{hook.url}/in", "private": True,
                "secret_file": self.site.secret("sec", "test-secret"),
            },
        ]  # fmt: skip
        self.site.tenant(alerts=self.entries)


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Sinks]:
    with ExitStack() as stack:
        yield Sinks(tmp_path, stack)


def test_a_page_reaches_every_sink_and_a_warning_only_those_that_want_it(sinks: Sinks) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1), alert_record(2, severity="warn"), alert_record(1))
        await desk.deliver()

    sinks.site.run(work)
    assert (len(sinks.slack.posted), len(sinks.pager.events), len(sinks.hook.taken)) == (1, 1, 2)


def test_nobody_is_pinged_by_what_a_customer_wrote() -> None:
    told = str(message(notice_of(alert_record(title="<!channel> <@U1> & <https://evil.test|x>"))))
    shown = [part for part in told.split("'") if "channel" in part]
    assert "&lt;!channel&gt;" in shown[0]
    assert escaped("<&>") == "&lt;&amp;&gt;"
    assert cut("x" * 2990 + "&lt;&lt;&lt;&lt;", 3000).endswith("&lt;…")


@pytest.mark.parametrize(
    ("status", "word"), [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")]
)
def test_a_channel_that_is_gone_rests_and_the_other_sinks_are_told(
    sinks: Sinks, status: int, word: str
) -> None:
    sinks.slack.status, sinks.slack.word = status, word

    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1), alert_record(2))
        await desk.settle(3)
        assert desk.dispatcher.stores.issues.paused()["s"].until is None
        assert {row.state for row in desk.rows() if row.destination == "s"} == {"pending"}

    sinks.site.run(work)
    assert [one["payload"]["class"] for one in sinks.pager.events].count("destination_rests") == 1


def test_a_channel_that_ends_after_a_limit_is_told_of_once(sinks: Sinks) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1))
        for status in (429, 404, 404):
            sinks.slack.status = status
            await desk.deliver(timedelta(minutes=2))

    sinks.site.run(work)
    assert [one["payload"]["class"] for one in sinks.pager.events].count("destination_rests") == 1


def test_a_resumed_channel_gets_what_waited(sinks: Sinks) -> None:
    sinks.slack.status = 404

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        await desk.deliver()
        sinks.slack.status = 200
        desk.dispatcher.stores.issues.resume("s")
        await desk.deliver(timedelta(minutes=1))

    sinks.site.run(work)
    assert len(sinks.slack.posted) == 1


def test_no_log_tells_a_sinks_address(sinks: Sinks, caplog: pytest.LogCaptureFixture) -> None:
    sinks.slack.status = 500

    async def work(desk: Desk) -> None:
        caplog.set_level("INFO")
        await desk.take(alert_record())
        await desk.settle(4)

    sinks.site.run(work)
    assert "gave_up" in caplog.text
    assert "http://" not in caplog.text


def test_slacks_limit_is_waited_out(sinks: Sinks) -> None:
    sinks.slack.status, sinks.slack.word = 429, "rate_limited"

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        assert (await desk.deliver())["limited"] == 1
        sinks.slack.status, sinks.slack.word = 200, "ok"
        assert not await desk.deliver(timedelta(seconds=1))
        assert (await desk.deliver(timedelta(seconds=2)))["sent"] == 1

    sinks.site.run(work)


def test_pagerduty_has_one_incident_for_a_theme_and_rule(sinks: Sinks) -> None:
    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1), alert_record(2, theme_id="theme-1"))
        await desk.deliver()

    sinks.site.run(work)
    assert list(sinks.pager.incidents) == ["acme:critical:theme-1"]
    assert sinks.pager.events[0]["payload"]["severity"] == "critical"


def test_pagerduty_400_is_never_tried_again(sinks: Sinks) -> None:
    sinks.pager.status = 400

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        await desk.settle(4)
        assert [row.reason for row in desk.rows("manual")] == ["p: status 400"]

    sinks.site.run(work)


def test_a_webhook_is_signed_and_keeps_its_id_when_it_comes_again(sinks: Sinks) -> None:
    sinks.hook.status = 500

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        await desk.deliver()
        sinks.hook.status = 200
        await desk.settle(2)

    sinks.site.run(work)
    first, second = sinks.hook.taken
    assert first.headers["x-event-id"] == second.headers["x-event-id"] == "alert-1"
    at, _, told = second.headers["x-signature"].removeprefix("t=").partition(",v1=")
    assert told == hmac.new(b"test-secret", f"{at}.".encode() + second.body, sha256).hexdigest()


def test_a_webhook_does_not_follow_redirects(sinks: Sinks) -> None:
    sinks.hook.status = 302

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        await desk.deliver()
        assert ["redirects" in row.reason for row in desk.rows("manual")] == [True]

    sinks.site.run(work)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254"])
def test_a_webhook_into_a_private_network_is_refused_unasked(tmp_path: Path, host: str) -> None:
    site = Site(tmp_path)
    hook = {"kind": "webhook", "name": "w", "url": f"http://{host}:1/x", "secret_file": site.secret("s", "x")}

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        assert (await desk.deliver())["closed"] == 1
        assert "private" in desk.dispatcher.stores.issues.paused()["w"].reason

    site.tenant(alerts=[hook]).run(work)


@pytest.mark.parametrize(
    "address", ["::ffff:127.0.0.1", "fe80::1%eth0", "100.64.0.1", "224.0.0.1", "0.0.0.0", "2002:0a00:0001::"]
)
def test_addresses_that_only_look_public_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(("away", "sent"), [(23, 2), (25, 0)])
def test_what_the_dispatcher_reads_late_is_no_news_after_a_day_in_all(
    sinks: Sinks, away: int, sent: int
) -> None:
    sinks.site.now += timedelta(hours=away)

    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1, severity="info"), alert_record(2, severity="info"))
        outcomes = await desk.deliver()
        assert (outcomes["too_old"], len(sinks.hook.taken)) == (4 - 2 * sent, sent)
        now = desk.site.now
        await desk.take(alert_record(3, severity="info", event_time=now, ingested_at=now))
        await desk.deliver(timedelta(minutes=2))

    sinks.site.run(work)
    assert len(sinks.hook.taken) == sent + 1
    assert len(sinks.slack.posted) == (2 if sent else 1)


def test_what_waits_at_its_sink_grows_old_from_when_the_journal_took_it(sinks: Sinks) -> None:
    sinks.slack.status = 500
    sinks.site.now += timedelta(hours=20)

    async def work(desk: Desk) -> None:
        await desk.take(alert_record(1, severity="warn"))
        await desk.settle(3)
        sinks.slack.status = 200
        assert (await desk.deliver(timedelta(hours=5)))["too_old"] == 1

    sinks.site.run(work)
    assert sinks.slack.posted == []


def test_an_alert_that_could_not_be_said_for_a_day_is_dropped(sinks: Sinks) -> None:
    sinks.slack.status = 500

    async def work(desk: Desk) -> None:
        await desk.take(alert_record())
        await desk.settle(3)
        sinks.slack.status = 200
        assert (await desk.deliver(timedelta(hours=25)))["too_old"] == 1

    sinks.site.run(work)
