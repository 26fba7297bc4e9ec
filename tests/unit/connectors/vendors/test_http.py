"""The vendors' HTTP client, against a server on loopback that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.vendors.errors import VendorAway, VendorGarbled, VendorLimited, VendorRefused
from connectors.vendors.http import Answer, Patience
from connectors.vendors.port import Connection
from contracts.errors import WrongUsage
from tests.support.vendors.clock import FakeTime, quick_http
from tests.support.vendors.server import Answering, Said, away, html_page, limited, script, vendor_server

OK = Said({"ok": True})
SECRET = "s3cr3t-token"


def ask(
    answers: Answering | Said,
    time: FakeTime | None = None,
    patience: Patience | None = None,
    path: str = "/things",
    times: int = 1,
    **more: Any,
) -> tuple[Answer, list[Any]]:
    """The last of ``times`` answers, and what the vendor was asked."""

    async def go(url: str) -> Answer:
        connection = Connection("acme", "x", "acme", {"allow_private_hosts": ["127.0.0.1"]})
        http = quick_http(connection, time, patience)
        async with http.client:
            for _ in range(times):
                answer = await http.request("GET", url + path, **more)
        return answer

    with vendor_server(answers) as server:
        return asyncio.run(go(server.url)), server.asked


@pytest.mark.parametrize(
    "trouble",
    [away(500), away(503), html_page(), html_page(502), limited("0"), limited(None), Said(wire="reset")],
)
def test_what_passes_is_tried_again(trouble: Said) -> None:
    answer, asked = ask(script(trouble, trouble, OK))
    assert answer.json() == {"ok": True}
    assert len(asked) == 3


def test_an_answer_that_is_cut_short_is_tried_again() -> None:
    answer, _ = ask(script(Said({"much": "x" * 999}, wire="cut"), OK))
    assert answer.json() == {"ok": True}


def test_waits_grow_at_random_up_to_a_minute_where_nothing_is_said() -> None:
    time = FakeTime()
    with pytest.raises(VendorLimited) as caught:
        ask(limited(None), time, Patience(tries=12, deadline_s=3600))
    assert caught.value.asked_s is None
    assert max(time.slept) <= 60
    assert all(wait <= 0.5 * 2**n for n, wait in enumerate(time.slept))


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({"retry-after": "9"}, 9.0),
        (
            {"retry-after": "Fri, 27 Feb 2026 10:00:30 GMT", "date": "Fri, 27 Feb 2026 10:00:00 GMT"},
            30.0,
        ),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:20 GMT"}, 20.0),
    ],
)
def test_a_wait_that_is_asked_for_is_kept(headers: Mapping[str, str], least_s: float) -> None:
    time = FakeTime()

    def answers(asked: Any) -> Said:
        return OK if asked.number > 1 else Said({}, 429, headers)

    ask(answers, time)
    assert least_s <= time.slept[0] <= least_s + 0.5


def test_a_vendor_that_asks_for_more_patience_than_there_is_is_left_to_the_caller() -> None:
    time = FakeTime()
    with pytest.raises(VendorLimited) as caught:
        ask(limited("3600"), time)
    assert caught.value.retry_after_s == 3600
    assert time.slept == []


def test_nobody_is_believed_who_asks_for_more_than_a_day() -> None:
    with pytest.raises(VendorLimited) as caught:
        ask(limited("1790000000000"))  # when, in milliseconds, where seconds are meant
    assert caught.value.retry_after_s == 86_400
    with pytest.raises(VendorLimited) as caught:
        ask(Said({}, 429), limits=lambda _answer: float("inf"))
    assert caught.value.retry_after_s == 86_400


def test_a_used_up_quota_holds_the_next_request_back() -> None:
    time = FakeTime()
    ask(
        script(Said({}, headers={"x-left": "0"}), OK),
        time,
        times=2,
        limits=lambda answer: 8.0 if answer.headers.get("x-left") == "0" else None,
    )
    assert time.slept == [8.0]


def test_an_error_that_is_one_of_quota_passes_whatever_its_status() -> None:
    answer, _ = ask(
        script(Said({"code": "RATELIMITED"}, 400), OK),
        limits=lambda answer: 1.0 if answer.status == 400 else None,
    )
    assert answer.status == 200


def test_requests_of_one_lane_keep_their_distance() -> None:
    time = FakeTime()
    ask(OK, time, times=3, every_s=6.0, lane="export")
    assert time.slept == [6.0, 6.0]


def test_a_token_that_expired_is_renewed_once() -> None:
    async def renew() -> Mapping[str, str]:
        return {"Authorization": "Bearer new"}

    def answers(asked: Any) -> Said:
        return OK if asked.token == "new" else Said({}, 401)

    answer, asked = ask(answers, headers={"Authorization": "Bearer old"}, renew=renew)
    assert answer.status == 200
    assert [one.token for one in asked] == ["old", "new"]
    with pytest.raises(VendorRefused, match="credential"):
        ask(Said({}, 401), headers={"Authorization": "Bearer old"}, renew=renew)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_cannot_succeed_is_not_tried_again_and_says_no_secret(status: int) -> None:
    with pytest.raises(VendorRefused) as caught:
        ask(
            Said({"error": f"bad {SECRET}"}, status),
            path=f"/x/{SECRET}",
            params={"key": SECRET},
            headers={"authorization": f"Bearer {SECRET}"},
        )
    assert caught.value.status == status
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None


def test_a_status_that_is_expected_is_an_answer() -> None:
    assert ask(Said({}, 404), accept=(404,))[0].status == 404
    assert ask(Said(b"", 304))[0].status == 304


def test_an_answer_that_never_ends_is_cut_off() -> None:
    with pytest.raises(VendorGarbled, match="smaller pages"):
        ask(Said(b'"' + b"x" * 50_000 + b'"'), patience=Patience(max_body_bytes=10_000))


@pytest.mark.parametrize("wire", ["hang", "drip"])
def test_a_vendor_that_drips_or_hangs_is_not_waited_for(wire: Any) -> None:
    with pytest.raises(VendorAway, match="did not answer"):
        ask(Said({"slow": "x" * 100}, wire=wire), patience=Patience(attempt_s=0.1, tries=1))


def test_what_must_not_be_sent_twice_is_sent_once() -> None:
    with vendor_server(away(500)) as server, pytest.raises(VendorAway):
        ask_once(server.url)
    assert len(server.asked) == 1


def ask_once(url: str) -> None:
    async def go() -> None:
        http = quick_http(Connection("acme", "x", "acme", {"allow_private_hosts": ["127.0.0.1"]}))
        async with http.client:
            await http.request("POST", url, json={}, tries=1)

    asyncio.run(go())


def test_a_redirect_within_the_host_is_followed_and_no_other() -> None:
    def answers(asked: Any) -> Said:
        return Said({}, 307, {"location": "/new"}) if asked.path == "/things" else OK

    assert ask(answers)[1][-1].path == "/new"
    with vendor_server(OK) as other:
        with pytest.raises(VendorRefused, match="redirects elsewhere"):
            ask(Said({}, 302, {"location": other.url}), headers={"authorization": SECRET})
        assert other.asked == []


def test_an_answer_that_is_no_json_says_so() -> None:
    with pytest.raises(VendorGarbled, match="JSON"):
        ask(Said(b"nonsense"))[0].json()


def test_an_option_of_another_shape_is_refused() -> None:
    with pytest.raises(WrongUsage, match="allow_private_hosts"):
        quick_http(Connection("acme", "x", "acme", {"allow_private_hosts": "127.0.0.1"}))
