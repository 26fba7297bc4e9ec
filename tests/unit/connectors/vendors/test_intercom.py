"""Intercom's quota: ten-second windows, whose end it tells by its own clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.vendors.http import Answer
from connectors.vendors.intercom.options import quota

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
