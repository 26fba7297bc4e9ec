"""How times and ages are written on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.times import time_of
from contracts.errors import WrongUsage

NOW = datetime(2026, 3, 31, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-31T15:00:00+02:00", NOW),
        (" 36h ", NOW - timedelta(hours=36)),
        ("90m", NOW - timedelta(minutes=90)),
        ("7d", NOW - timedelta(days=7)),
    ],
)
def test_a_time_a_day_or_an_age_is_a_moment_in_utc(told: str, at: datetime) -> None:
    assert time_of(told, "--since", NOW) == at


def test_a_time_without_its_zone_is_not_guessed() -> None:
    with pytest.raises(WrongUsage, match="--at 2026-03-31T15:00:00: which zone"):
        time_of("2026-03-31T15:00:00", "--at", NOW)


@pytest.mark.parametrize(
    "told",
    [
        "yesterday",
        "7 years",
        "",
        "-1h",
        "999999999999d",
        "99999999999999999999m",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_time_is_wrong_usage(told: str) -> None:
    with pytest.raises(WrongUsage, match=r"--since .*: write a time as 2026"):
        time_of(told, "--since", NOW)
