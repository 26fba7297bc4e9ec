"""Zendesk: when a rating was given that a ticket tells of, and comments that an agent made internal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.vendors.port import Gone, Taken, Utterance
from connectors.vendors.zendesk.mapping import ticket
from connectors.vendors.zendesk.options import ZendeskOptions

USERS = {"1": {"id": 1, "role": "end-user"}, "2": {"id": 2, "role": "agent"}}


def comment(own: int, author: int = 1, *, public: bool = True) -> dict[str, Any]:
    at = f"2026-01-0{own}T10:00:00Z"
    return {"id": own, "author_id": author, "plain_body": f"words {own}", "public": public, "created_at": at}


def taken(*comments: dict[str, Any], **more: Any) -> list[Taken]:
    told = {"id": 35, "requester_id": 1, "created_at": "2026-01-01T10:00:00Z", **more}
    return ticket(told, comments, USERS, None, ZendeskOptions())


def test_a_rating_stays_where_it_was_when_its_ticket_changes() -> None:
    rated = {"satisfaction_rating": {"id": 9, "score": "bad", "comment": "too slow"}}
    for changed in ("2026-01-02T11:00:00Z", "2026-11-20T11:00:00Z"):
        found = taken(comment(1), comment(2, author=2), **rated, updated_at=changed)[-1]
        assert isinstance(found, Utterance)
        assert (found.record_id, found.happened_at) == ("35:rating", datetime(2026, 1, 2, 10, tzinfo=UTC))


def test_a_comment_of_a_customer_that_was_made_internal_is_gone() -> None:
    found = taken(comment(1), comment(2, public=False), comment(3, author=2, public=False))
    assert [one.record_id for one in found if isinstance(one, Utterance)] == ["35:1"]
    assert [one.record_id for one in found if isinstance(one, Gone)] == ["35:2"]
