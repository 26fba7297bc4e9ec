"""Intercom: quota of ten-second windows, whose end it tells by its own clock; changes of the future; whose words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connectors.vendors.http import Answer
from connectors.vendors.intercom import VENDOR
from connectors.vendors.intercom.mapping import conversation
from connectors.vendors.intercom.options import IntercomOptions, quota
from connectors.vendors.port import Connection, Utterance
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import poll
from tests.support.vendors.server import Asked, Said, vendor_server

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "reset_in_s", "wait_s"),
    [("0", 7, 7.0), ("0", -3_600, 0.0), ("0", 3_600, 60.0), ("5", 7, None)],
)
def test_a_clock_that_is_wrong_costs_a_minute_at_most(
    left: str, reset_in_s: int, wait_s: float | None
) -> None:
    reset = str(int(NOON.timestamp()) + reset_in_s)
    headers = {"x-ratelimit-remaining": left, "x-ratelimit-reset": reset}
    assert quota(Answer(200, headers, b"{}", NOON)) == wait_s


def test_a_change_that_claims_to_be_of_the_future_passes_over_nothing() -> None:
    ahead = {"id": "1", "created_at": 1_767_225_600, "updated_at": 253_402_300_799}

    def answer(asked: Asked) -> Said:
        return Said({"conversations": [ahead]} if asked.path == "/conversations/search" else ahead)

    with vendor_server(answer) as server:
        options = {"base_url": server.url, "allow_private_hosts": ["127.0.0.1"]}
        here = Connection("acme", "intercom", "acme", options, credential=lambda _: "t")
        found = asyncio.run(poll(VENDOR, here, stream="conversations"))
    assert found.cursor is not None
    assert found.cursor.order == (int(NOW.timestamp()),)


def part(own: str, kind: str, body: str, author: str = "user") -> dict[str, object]:
    at = 1_767_310_000 + int(own)
    return {
        "id": own,
        "part_type": kind,
        "body": body,
        "created_at": at,
        "author": {"type": author, "id": "u"},
    }


def taken(*parts: dict[str, object], **more: object) -> list[Utterance]:
    told = {
        "id": "471",
        "created_at": 1_767_310_000,
        "updated_at": 1_767_999_999,
        "source": {"body": "<p>Hi</p>", "author": {"type": "bot"}},
        "conversation_parts": {"conversation_parts": list(parts)},
    }
    found = conversation(told | more, IntercomOptions())
    return [one for one in found if isinstance(one, Utterance)]


def test_only_parts_that_somebody_said_are_words() -> None:
    kinds = (
        "comment",
        "quick_reply",
        "open",
        "close",
        "conversation_attribute_updated_by_user",
        "assignment",
    )
    found = taken(*(part(str(n), kind, f"words {n}") for n, kind in enumerate(kinds)))
    assert [one.body["text"] for one in found] == ["words 0", "words 1", "words 2", "words 3"]


def test_a_rating_of_the_ai_agent_stays_where_it_was_when_the_conversation_changes() -> None:
    bot, later = part("5", "comment", "I am Fin", "bot"), part("900", "comment", "Thanks")
    told = {"ai_agent": {"rating": 1, "rating_remark": "no help"}}
    first = taken(bot, **told)[-1]
    second = next(one for one in taken(bot, later, **told, updated_at=1_770_000_000) if "rating" in one.body)
    assert first.happened_at == second.happened_at == datetime.fromtimestamp(1_767_310_005, UTC)
    assert second.body["source_updated_at"] > first.body["source_updated_at"]
