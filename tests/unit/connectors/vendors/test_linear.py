"""Linear's webhooks and poll: signatures, what is news, duplicates, quota."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.vendors.linear import VENDOR
from connectors.vendors.port import Cursor, Hint, IssueSeen, Request, SignatureRefused
from connectors.vendors.values import iso
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import Drained, polled
from tests.support.vendors.server import Asked, Said
from tests.unit.connectors.vendors.trackers import OTHER, OURS, connection, digest, fetched, request

VECTOR = b'{"id":"evt_1"}'
VECTOR_SIGNATURE = "c0bd8e4de35355b11e7e98d53bb0d0122736ca05c58eb9c138a2dfa24725ac6d"
PLAIN = connection(VENDOR)


def issue(state: str = "completed", at: str = "2026-01-08T12:00:00.000Z", **more: Any) -> dict[str, Any]:
    return {
        "id": OURS,
        "identifier": "ENG-42",
        "state": {"id": "s9", "name": "Shipped!", "type": state},
        "labels": [{"id": "l1", "name": "undercurrent"}],
        "priority": 2,
        "updatedAt": at,
        "url": "https://linear.app/acme/issue/ENG-42",
        **more,
    }


def event(data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "action": "update",
        "type": "Issue",
        "actor": {"id": "u1", "type": "user"},
        "data": data or issue(),
        "updatedFrom": {"stateId": "s3", "updatedAt": "2026-01-07T08:00:00.000Z"},
        "webhookTimestamp": int(NOW.timestamp() * 1000),
        **more,
    }


def verify(told: Any, after_s: float = 0.0, **headers: str) -> str:
    bare = request(told)
    signed = {"linear-signature": digest(bare.body), "linear-delivery": "d-1"} | headers
    given = {name.replace("_", "-"): value for name, value in signed.items() if value}
    return VENDOR.verify(PLAIN, Request(given, bare.body, NOW), NOW + timedelta(seconds=after_s))


def refused(told: Any, after_s: float = 0.0, **headers: str) -> str:
    with pytest.raises(SignatureRefused) as caught:
        verify(told, after_s, **headers)
    return caught.value.reason


def received(told: Any, **options: Any) -> list[Any]:
    return list(VENDOR.received(connection(VENDOR, **options), request(told)))


def test_the_signature_vector_is_believed_and_a_body_without_a_time_is_not() -> None:
    assert digest(VECTOR) == VECTOR_SIGNATURE
    assert refused(VECTOR, linear_signature=VECTOR_SIGNATURE) == "malformed"
    assert refused(VECTOR + b" ", linear_signature=VECTOR_SIGNATURE) == "mismatch"


def test_a_delivery_is_known_by_its_header() -> None:
    assert verify(event()) == "d-1"
    assert refused(event(), **{"linear-signature": ""}) == "missing"
    assert refused(event(), **{"linear-delivery": ""}) == "missing"


def test_what_is_older_than_a_minute_or_from_the_future_is_refused_unless_the_window_is_wider() -> None:
    assert [refused(event(), after_s=61), refused(event(), after_s=-61)] == ["stale", "future"]
    body = request(event())
    headers = {"linear-signature": digest(body.body), "linear-delivery": "d-1"}
    wide = connection(VENDOR, window_s=30_000)
    assert VENDOR.verify(wide, Request(headers, body.body, NOW), NOW + timedelta(hours=6)) == "d-1"


@pytest.mark.parametrize(
    ("type_", "state"),
    [
        ("triage", "open"),
        ("backlog", "open"),
        ("unstarted", "open"),
        ("started", "started"),
        ("completed", "done"),
        ("canceled", "cancelled"),
    ],
)
def test_a_state_is_told_by_its_type_whatever_it_is_called(type_: str, state: str) -> None:
    (seen,) = received(event(issue(type_)))
    assert (seen.issue_id, seen.state, seen.key, seen.priority) == (OURS, state, "ENG-42", None)


def test_a_type_that_nobody_knows_says_nothing() -> None:
    assert received(event(issue("released"))) == []


def test_a_duplicate_is_asked_for_what_it_repeats() -> None:
    seen, hint = received(event(issue("duplicate")))
    assert (seen.state, hint) == ("duplicate", Hint("issue", OURS))


def test_what_we_did_ourselves_and_what_is_not_ours_is_left_out() -> None:
    assert received(event(), our_actors=["u1"]) == []
    assert received(event(issue(labels=[]))) == []
    assert [one.issue_id for one in received(event(issue(labels=[])), label=None)] == [OURS]


def test_an_edit_of_the_words_is_no_news_and_a_priority_set_by_hand_is() -> None:
    assert received(event(updatedFrom={"title": "Before"})) == []
    (seen,) = received(event(updatedFrom={"priority": 0}))
    assert seen.priority == 2


def test_a_removed_issue_is_deleted() -> None:
    assert [one.state for one in received(event(action="remove", updatedFrom=None))] == ["deleted"]


def test_what_is_none_of_linears_is_malformed() -> None:
    with pytest.raises(ValueError, match="no notification of Linear"):
        received({"hello": 1})


class SimulatedLinear:
    """Issues behind GraphQL, two a page, the newest first; the first answers may be of quota."""

    def __init__(self, issues: list[dict[str, Any]], limited: int = 0) -> None:
        self.issues = issues
        self.limited = limited
        self.wanted: list[Any] = []

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != "k3y":
            return Said({"errors": [{"extensions": {"code": "AUTHENTICATION_ERROR"}}]}, 401)
        if self.limited:
            self.limited -= 1
            return Said({"errors": [{"extensions": {"code": "RATELIMITED"}}]}, 400, {"retry-after": "1"})
        told = asked.json()["variables"]
        if "id" in told:
            found = [_node(one) for one in self.issues if one["id"] == told["id"]]
            missing = {"data": None, "errors": [{"extensions": {"code": "ENTITY_NOT_FOUND"}}]}
            return Said({"data": {"issue": found[0]}} if found else missing)
        self.wanted.append(told["f"])
        since, first = told["f"]["updatedAt"]["gt"], int(told["after"] or 0)
        rows = sorted(
            (one for one in self.issues if one["updatedAt"] > since), key=lambda one: one["updatedAt"]
        )
        rows.reverse()
        info = {"hasNextPage": first + 2 < len(rows), "endCursor": str(first + 2)}
        nodes = [_node(one) for one in rows[first : first + 2]]
        return Said({"data": {"issues": {"nodes": nodes, "pageInfo": info}}})


def _node(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "labels": {"nodes": told["labels"]}}


def many(count: int) -> list[dict[str, Any]]:
    at = [iso(NOW - timedelta(minutes=30 * n)) for n in range(count)]
    return [issue("started", when, id=f"c723c24b-5c71-4524-bc29-9010b4c1374{n}") for n, when in enumerate(at)]


def drained(linear: SimulatedLinear, since: Cursor | None = None) -> Drained:
    return polled(VENDOR, linear, {}, {"token": "k3y"}, since)[0]


def test_a_poll_reads_all_that_changed_and_saves_its_cursor_at_the_end_alone() -> None:
    found = drained(SimulatedLinear(many(5), limited=2))
    assert len([one for one in found.taken if isinstance(one, IssueSeen)]) == 5
    assert [page.cursor is not None for page in found.pages] == [False, False, True]


def test_the_next_poll_brings_only_what_changed_since() -> None:
    linear = SimulatedLinear(many(5))
    cursor = drained(linear).cursor
    linear.issues[3] = {**linear.issues[3], "updatedAt": iso(NOW + timedelta(seconds=5)), "trashed": True}
    again = drained(linear, cursor)
    assert [(one.issue_id[-1], one.state) for one in again.taken if isinstance(one, IssueSeen)] == [
        ("3", "deleted")
    ]
    assert linear.wanted[0]["labels"] == {"name": {"eq": "undercurrent"}}


def test_a_hint_brings_what_an_issue_repeats() -> None:
    copies = {
        "nodes": [
            {"type": "related", "relatedIssue": {"id": OURS}},
            {"type": "duplicate", "relatedIssue": {"id": OTHER}},
        ]
    }
    (seen,) = fetched(VENDOR, SimulatedLinear([issue("duplicate", relations=copies)]), {}, OURS)
    assert isinstance(seen, IssueSeen)
    assert seen.duplicate_of == OTHER


def test_an_issue_that_is_gone_says_nothing() -> None:
    assert fetched(VENDOR, SimulatedLinear([]), {}, OURS) == ()


def test_a_change_that_claims_to_be_of_the_future_passes_over_nothing() -> None:
    linear = SimulatedLinear([issue("started", "9999-12-31T23:59:59.000Z")])
    cursor = drained(linear).cursor
    other = issue("completed", iso(NOW + timedelta(minutes=1)), id=OTHER)
    linear.issues.append(other)
    assert [one.issue_id for one in drained(linear, cursor).taken if isinstance(one, IssueSeen)] == [OTHER]
