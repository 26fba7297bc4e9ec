"""App Store Connect: the token, walks that find edits, versions and replies joined, quota minded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import jwt
import pytest

from connectors.vendors.appstore import VENDOR
from connectors.vendors.appstore.limits import pause_s, quota
from connectors.vendors.appstore.mapping import utterance
from connectors.vendors.appstore.territories import country_of
from connectors.vendors.appstore.token import mint
from connectors.vendors.errors import VendorRefused
from connectors.vendors.http import Answer
from connectors.vendors.port import Connection, Cursor, Page, Unreadable, Utterance
from contracts.errors import WrongUsage
from contracts.feedback import FeedbackBody
from tests.support.vendors.appstore import OPTIONS, SimulatedAppStore, history, review
from tests.support.vendors.clock import NOW, FakeTime, quick_http
from tests.support.vendors.drained import Drained, connected, polled
from tests.support.vendors.keys import p256, rsa_2048
from tests.support.vendors.server import Answering, Said, troubled, vendor_server

KEY = {"private_key": p256()[0]}


def drained(
    shop: SimulatedAppStore, since: Cursor | None = None, time: FakeTime | None = None, **more: Any
) -> Drained:
    pages = more.pop("pages", None)
    return polled(VENDOR, shop, OPTIONS | more, KEY, since, time, pages=pages)[0]


def later(days: float) -> FakeTime:
    return FakeTime(days * 86_400)


def test_the_token_is_signed_as_raw_r_and_s_and_ends_within_twenty_minutes() -> None:
    token = mint(p256()[0], "K3Y", "issuer-1", NOW)
    assert len(jwt.utils.base64url_decode(token.split(".")[2])) == 64
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "K3Y", "typ": "JWT"}
    told = jwt.decode(token, options={"verify_signature": False})
    assert (told["iss"], told["aud"], told["exp"] - told["iat"] <= 1200) == (
        "issuer-1",
        "appstoreconnect-v1",
        True,
    )


def test_the_key_of_one_person_names_no_issuer() -> None:
    told = jwt.decode(mint(p256()[0], "K3Y", None, NOW), options={"verify_signature": False})
    assert (told["sub"], "iss" in told) == ("user", False)


@pytest.mark.parametrize("key", ["no key", rsa_2048()[0]])
def test_a_key_of_another_kind_is_refused_without_being_shown(key: str) -> None:
    connection = Connection("acme", "appstore", "acme", OPTIONS, credential=lambda _which: key)
    with pytest.raises(WrongUsage, match="ES256") as refused:
        VENDOR.check(connection)
    assert key not in str(refused.value)


def test_a_review_is_title_and_body_with_country_stars_version_and_reply() -> None:
    got = drained(SimulatedAppStore([review(1, NOW - timedelta(days=1), reply="We are on it")])).said["r1"]
    body = FeedbackBody.model_validate(got)
    assert body.text == "Crashes 1\n\nSince 4.2 it crashes\non launch 1"
    assert (body.country, body.rating, body.app_version, body.product) == ("US", 2, "4.2", "Acme")
    assert [(turn.role, turn.text) for turn in body.context] == [("agent", "We are on it")]


def test_an_unknown_territory_stays_as_it_is() -> None:
    assert [country_of(one) for one in ("gbr", "XKS", "ZZZ", None)] == ["GB", "XK", "ZZZ", None]


def test_a_review_without_text_goes_to_dead_letters() -> None:
    bare = {"id": "r1", "attributes": {"createdDate": "2026-01-08T03:11:09-08:00", "rating": 5}}
    assert isinstance(utterance(bare, None, None, None), Unreadable)


def test_a_time_with_an_offset_is_told_in_utc() -> None:
    made = utterance(
        {"id": "r", "attributes": {"createdDate": "2026-01-08T03:11:09-08:00", "body": "x"}}, None, None, ""
    )
    assert isinstance(made, Utterance)
    assert made.body["created_at"] == "2026-01-08T11:11:09+00:00"


def test_all_of_history_comes_once_each_review_with_its_version() -> None:
    shop = SimulatedAppStore(history(45))
    shop.reviews += [review(n, NOW - timedelta(days=2), version="4.3") for n in range(100, 120)]
    got = drained(shop)
    assert len(got.utterances) == len(got.said) == 65
    assert {got.said["r1"]["app_version"], got.said["r100"]["app_version"]} == {"4.2", "4.3"}


def test_the_next_walk_brings_only_what_is_new_or_edited_within_a_month() -> None:
    shop = SimulatedAppStore(history(45))
    first = drained(shop)
    shop.reviews[5]["attributes"]["body"] = "Fixed in 4.3, thank you"
    shop.reviews.append(review(99, NOW))
    second = drained(shop, first.cursor, later(1))
    assert sorted(second.said) == ["r5", "r99"]
    assert drained(shop, second.cursor, later(2)).taken == []


def test_a_poll_after_a_long_outage_walks_back_to_the_last_walk_and_a_month_more() -> None:
    shop = SimulatedAppStore(history(10))
    first = drained(shop)
    shop.reviews += [review(50 + n, NOW + timedelta(days=n)) for n in range(40)]
    assert len(drained(shop, first.cursor, later(45)).said) == 40


def test_what_walks_miss_for_a_day_is_gone() -> None:
    shop = SimulatedAppStore(history(45))
    cursor = drained(shop).cursor
    del shop.reviews[3]
    gone = []
    for day in (1, 1.5, 2, 3):
        walked = drained(shop, cursor, later(day))
        cursor = walked.cursor
        gone.append(walked.gone)
    assert gone == [[], [], ["r3"], []]


def test_a_review_that_comes_back_is_newer_than_its_withdrawal() -> None:
    shop = SimulatedAppStore(history(45))
    cursor, away = drained(shop).cursor, shop.reviews.pop(3)
    for day in (1, 2):
        cursor = drained(shop, cursor, later(day)).cursor
    shop.reviews.append(away)
    back = drained(shop, cursor, later(3)).said["r3"]
    assert back["source_updated_at"] == (NOW + timedelta(days=3)).isoformat()


def test_a_walk_that_misses_many_is_not_believed() -> None:
    shop = SimulatedAppStore(history(45, days=20))
    cursor, reviews = drained(shop).cursor, shop.reviews
    shop.reviews = []
    for day in (1, 2, 3):
        walked = drained(shop, cursor, later(day))
        assert walked.gone == []
        cursor = walked.cursor
    shop.reviews = reviews
    assert drained(shop, cursor, later(4)).taken == []


def test_a_walk_that_was_killed_goes_on_at_its_page() -> None:
    shop = SimulatedAppStore(history(45))
    killed = drained(shop, pages=2)
    rest = drained(shop, killed.cursor)
    assert len(killed.said | rest.said) == 45
    assert not set(killed.said) & set(rest.said)
    assert [*killed.cursors, *rest.cursors] == sorted(
        [*killed.cursors, *rest.cursors], key=lambda one: one.order
    )


def test_a_page_that_apple_forgot_is_walked_to_from_the_top() -> None:
    shop = SimulatedAppStore(history(25))
    killed = drained(shop, pages=2)
    shop.forgets = True
    rest = drained(shop, killed.cursor, page_size=200)
    assert len(killed.said | rest.said) == 25


def test_a_token_that_ends_on_the_way_is_made_anew() -> None:
    time = FakeTime()
    shop = SimulatedAppStore(history(100), now=time.now)
    got = drained(shop, time=time, every_s=250.0)
    assert len(got.said) == 100
    assert len(shop.tokens) > 3


def test_requests_go_one_after_the_other_one_a_second() -> None:
    time = FakeTime()
    _, asked = polled(VENDOR, SimulatedAppStore(history(45)), OPTIONS, KEY, time=time)
    assert time.at_s >= len(asked) - 1 > 5


def test_versions_that_may_not_be_read_leave_reviews_without_one() -> None:
    shop = SimulatedAppStore(history(3))
    refusing = lambda asked: shop(asked) if "ersions" not in asked.path else refused_403()  # noqa: E731
    got = polled(VENDOR, refusing, OPTIONS, KEY)[0]
    assert [body.get("app_version") for body in got.said.values()] == [None] * 3


def refused_403() -> Any:
    from tests.support.vendors.server import Said

    return Said({"errors": [{"code": "FORBIDDEN_ERROR"}]}, 403)


def test_links_to_another_host_are_not_followed_with_our_token() -> None:
    shop = SimulatedAppStore(history(25), next=lambda *_: 10)
    said = shop.__call__

    def elsewhere(asked: Any) -> Any:
        answer = said(asked)
        answer.body["links"]["next"] = "https://example.org/v1?cursor=10"
        return answer

    with pytest.raises(ValueError, match="another host"):
        polled(VENDOR, elsewhere, OPTIONS, KEY)


@pytest.mark.parametrize(
    ("header", "status", "pause"),
    [
        ("user-hour-lim:3500;user-hour-rem:500;", 200, None),
        ("user-hour-lim:3500;user-hour-rem:100;", 200, 10.0),
        ("user-hour-lim:3500;user-hour-rem:0;", 429, 300.0),
        ("user-hour-lim:3500;user-hour-rem:0;", 404, None),
        ("nonsense", 200, None),
        ("", 200, None),
    ],
)
def test_the_quota_is_minded(header: str, status: int, pause: float | None) -> None:
    assert pause_s(Answer(status, {"x-rate-limit": header}, b"")) == pause


def test_the_header_of_the_quota_is_read() -> None:
    assert quota("user-hour-lim:3500;user-hour-rem:500;") == (3500, 500)


@pytest.mark.parametrize("options", [{"walk_days": 7}, {"apps": {}}, {"page_size": 500}])
def test_options_that_cannot_be_right_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage, match=next(iter(options))):
        VENDOR.check(Connection("acme", "appstore", "acme", OPTIONS | options, credential=KEY.__getitem__))


def walked(
    answer: Answering, since: Cursor | None = None, time: FakeTime | None = None
) -> tuple[list[Page], int | None]:
    """The pages of one poll of two apps, and the status with which it was refused."""
    pages: list[Page] = []

    async def go(connection: Connection) -> None:
        http = quick_http(connection, time)
        async with http.client:
            async for page in VENDOR.poll(connection, http, "reviews", since, http.now()):
                pages.append(page)

    with vendor_server(answer) as server:
        options = OPTIONS | {"apps": {"1000": "Old", "1234": "Acme"}}
        try:
            asyncio.run(go(connected(VENDOR, server.url, options, **KEY)))
        except VendorRefused as exc:
            return pages, exc.status
    return pages, None


def test_an_app_that_is_refused_stops_no_other_and_is_read_from_where_it_was_left() -> None:
    shop = SimulatedAppStore([review(1, NOW - timedelta(days=1))])
    refusing = troubled(shop, lambda asked: Said({}, 403) if "/apps/1000/" in asked.path else None)
    pages, status = walked(refusing)
    told = [one.body["product"] for page in pages for one in page.records if isinstance(one, Utterance)]
    assert (told, status) == (["Acme"], 403)
    pages, status = walked(shop, pages[-1].cursor, later(90))
    told = [one.body["product"] for page in pages for one in page.records if isinstance(one, Utterance)]
    assert (told, status) == (["Old"], None)
    orders = [page.cursor.order for page in pages if page.cursor]
    assert orders == sorted(orders)


def test_a_key_that_ended_is_no_refusal_of_an_app() -> None:
    pages, status = walked(lambda _asked: Said({}, 401))
    assert (pages, status) == ([], 401)
