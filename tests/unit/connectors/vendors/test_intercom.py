"""Intercom: quota of ten-second windows, whose end it tells by its own clock; changes of the future."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connectors.vendors.http import Answer
from connectors.vendors.intercom import VENDOR
from connectors.vendors.intercom.options import quota
from connectors.vendors.port import Connection
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
