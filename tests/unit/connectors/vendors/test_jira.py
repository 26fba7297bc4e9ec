"""Jira's webhooks and search: signatures, whose issue it is, what done means, duplicates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.vendors.errors import VendorRefused
from connectors.vendors.jira import VENDOR
from connectors.vendors.port import Cursor, Hint, IssueSeen, Request, SignatureRefused
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import polled
from tests.support.vendors.server import Asked, Said, troubled
from tests.unit.connectors.vendors.trackers import OTHER, OURS, connection, digest, fetched, request

VECTOR = b'{"id":"evt_1"}'
VECTOR_SIGNATURE = "sha256=c0bd8e4de35355b11e7e98d53bb0d0122736ca05c58eb9c138a2dfa24725ac6d"
OPTIONS: dict[str, Any] = {"url": "https://acme.atlassian.net", "project": "ENG"}
PLAIN = connection(VENDOR, **OPTIONS)


def issue(
    key: str = "ENG-7",
    ours: str = OURS,
    category: str = "done",
    resolution: str | None = "Done",
    **fields: Any,
) -> dict[str, Any]:
    told = {
        "labels": ["frontend", f"fb-{ours.replace('-', '')}"],
        "status": {"name": "Whatever", "statusCategory": {"key": category}},
        "resolution": resolution and {"name": resolution},
        "priority": {"name": "High"},
        "updated": "2026-01-08T13:00:00.000+0100",
    }
    return {
        "id": "1",
        "key": key,
        "self": "https://acme.atlassian.net/rest/api/2/issue/1",
        "fields": told | fields,
    }


def event(told: dict[str, Any], field: str = "status", **more: Any) -> dict[str, Any]:
    return {
        "timestamp": 1767873600123,
        "webhookEvent": "jira:issue_updated",
        "user": {"accountId": "557058:sam"},
        "issue": told,
        "changelog": {"items": [{"field": field}]},
        **more,
    }


def received(told: Any, **options: Any) -> list[Any]:
    return list(VENDOR.received(connection(VENDOR, **OPTIONS | options), request(told)))


def test_the_signature_vector_is_believed_and_nothing_else() -> None:
    assert f"sha256={digest(VECTOR)}" == VECTOR_SIGNATURE
    given = {"x-hub-signature": VECTOR_SIGNATURE, "x-atlassian-webhook-identifier": "w-1"}
    assert VENDOR.verify(PLAIN, Request(given, VECTOR, NOW), NOW) == "w-1"
    for body, headers, reason in ((VECTOR + b" ", given, "mismatch"), (VECTOR, {}, "missing")):
        with pytest.raises(SignatureRefused) as caught:
            VENDOR.verify(PLAIN, Request(headers, body, NOW), NOW)
        assert caught.value.reason == reason


def test_a_delivery_without_an_identifier_is_known_by_its_body() -> None:
    given = {"x-hub-signature": VECTOR_SIGNATURE}
    assert len(VENDOR.verify(PLAIN, Request(given, VECTOR, NOW), NOW)) == 64


@pytest.mark.parametrize(
    ("category", "resolution", "state"),
    [
        ("new", None, "open"),
        ("indeterminate", None, "started"),
        ("done", "Done", "done"),
        ("done", None, "done"),
        ("done", "won't do", "cancelled"),
        ("undefined", "Done", "open"),
    ],
)
def test_done_is_a_category_and_no_resolution_that_solves_nothing(
    category: str, resolution: str | None, state: str
) -> None:
    (seen,) = received(event(issue(category=category, resolution=resolution)))
    assert (seen.issue_id, seen.state, seen.key) == (OURS, state, "ENG-7")
    assert seen.at == datetime(2026, 1, 8, 12, tzinfo=UTC)
    assert seen.url == "https://acme.atlassian.net/browse/ENG-7"


def test_resolutions_that_solve_nothing_are_a_setting() -> None:
    assert [one.state for one in received(event(issue()), not_done=["Done"])] == ["cancelled"]


def test_what_is_not_ours_and_what_we_did_is_left_out() -> None:
    assert received(event(issue(labels=["fb-not-an-id"]))) == []
    assert received(event(issue()), our_actors=["557058:sam"]) == []
    assert received(event(issue(), field="description")) == []


def test_a_priority_set_by_hand_is_told() -> None:
    assert [one.priority for one in received(event(issue(), field="priority"))] == [2]


def test_a_deleted_issue_is_told_by_the_time_of_the_notification() -> None:
    (seen,) = received(event(issue(), webhookEvent="jira:issue_deleted", changelog=None))
    assert (seen.state, seen.at.second) == ("deleted", 0)


def test_a_duplicate_is_asked_for_what_it_repeats() -> None:
    seen, hint = received(event(issue(resolution="Duplicate")))
    assert (seen.state, hint) == ("duplicate", Hint("issue", "ENG-7"))


COPY = issue(
    resolution="Duplicate",
    issuelinks=[{"type": {"name": "Duplicate"}, "outwardIssue": {"id": "2", "key": "ENG-3"}}],
)


def answer(asked: Asked) -> Said:
    """A project of two issues, one a page."""
    if asked.path.startswith("/rest/api/3/issue/"):
        found = {"ENG-3": issue("ENG-3", OTHER, "new", None), "ENG-7": COPY}.get(
            asked.path.rpartition("/")[2]
        )
        return Said(found) if found else Said({"errorMessages": ["gone"]}, 404)
    if asked.json().get("nextPageToken"):
        return Said({"issues": [COPY], "isLast": True})
    return Said({"issues": [issue("ENG-3", OTHER, "new", None)], "nextPageToken": "two"})


def test_a_search_brings_every_issue_of_ours_and_what_it_repeats() -> None:
    found, asked = polled(VENDOR, answer, OPTIONS | {"email": "bot@acme.example"}, {"token": "k3y"})
    seen = [one for one in found.taken if isinstance(one, IssueSeen)]
    assert [(one.key, one.state, one.duplicate_of) for one in seen] == [
        ("ENG-3", "open", None),
        ("ENG-7", "duplicate", OTHER),
    ]
    assert [page.cursor is not None for page in found.pages] == [False, True]
    assert asked[0].headers["authorization"].startswith("Basic ")


def test_a_linked_issue_that_jira_refuses_to_show_holds_up_no_other() -> None:
    refusing = troubled(answer, lambda asked: Said({}, 403) if asked.path.endswith("/issue/ENG-3") else None)
    found, _ = polled(VENDOR, refusing, OPTIONS, {"token": "k3y"})
    seen = [one for one in found.taken if isinstance(one, IssueSeen)]
    assert [(one.key, one.state, one.duplicate_of) for one in seen] == [
        ("ENG-3", "open", None),
        ("ENG-7", "duplicate", None),
    ]
    assert found.cursor is not None


def test_a_token_that_ended_is_no_refusal_of_a_linked_issue() -> None:
    ended = troubled(answer, lambda asked: Said({}, 401) if "/issue/" in asked.path else None)
    with pytest.raises(VendorRefused):
        polled(VENDOR, ended, OPTIONS, {"token": "k3y"})


def test_a_search_is_bounded_and_asks_in_minutes_of_no_time_zone() -> None:
    start = NOW - timedelta(minutes=90)
    _, asked = polled(VENDOR, answer, OPTIONS | {"start": start}, {"token": "k3y"})
    assert (
        asked[0].json()["jql"].startswith('project = "ENG" AND updated >= -101m AND labels = "undercurrent"')
    )


def test_an_issue_that_is_gone_says_nothing() -> None:
    assert fetched(VENDOR, answer, OPTIONS, "ENG-9") == ()


def test_a_change_that_claims_to_be_of_the_future_and_a_clock_set_back_pass_over_nothing() -> None:
    ahead = issue(updated="9999-12-31T23:59:59.000+0000")
    found, _ = polled(VENDOR, lambda _asked: Said({"issues": [ahead]}), OPTIONS, {"token": "k3y"})
    assert found.cursor is not None
    assert found.cursor.order == ("2026-03-01T12:00:00.000Z",)
    set_back = Cursor({"high": "2026-03-02T12:00:00.000Z", "known": {}}, ("2026-03-02T12:00:00.000Z",))
    _, asked = polled(VENDOR, answer, OPTIONS, {"token": "k3y"}, set_back)
    assert "updated >= -11m" in asked[0].json()["jql"]
