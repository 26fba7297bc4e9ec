"""How long Linear is waited for."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.outgoing import Heard, Limited
from connectors.trackers.linear_answers import answered

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMITED = json.dumps({"errors": [{"extensions": {"code": "RATELIMITED"}}]}).encode()


@pytest.mark.parametrize(
    ("reset", "wait_s"),
    [
        (str(1000 * (int(NOW.timestamp()) + 90)), 90.0),
        ("inf", 3600.0),
        ("0", 1.0),
        ("nan", 60.0),
        ("soon", 60.0),
    ],
)
def test_a_limit_lasts_until_it_ends_and_an_hour_at_most(reset: str, wait_s: float) -> None:
    with pytest.raises(Limited) as told:
        answered(Heard(400, {"x-ratelimit-requests-reset": reset}, LIMITED), NOW, "linear")
    assert told.value.retry_after_s == wait_s
