"""How times, ages and rates are written on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.letters import moment, rate_of
from contracts.errors import WrongUsage


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_utc_unless_it_says_otherwise(told: str, at: datetime) -> None:
    assert moment(told) == at


@pytest.mark.parametrize(("told", "age"), [("90m", 1.5), ("36h", 36), ("7d", 168)])
def test_an_age_counts_back_from_now(told: str, age: float) -> None:
    at = moment(told)
    assert at is not None
    assert abs(datetime.now(UTC) - timedelta(hours=age) - at) < timedelta(seconds=5)


@pytest.mark.parametrize("told", ["yesterday", "7 years", "", "-1h"])
def test_what_is_no_time_is_wrong_usage(told: str) -> None:
    with pytest.raises(WrongUsage, match="--since"):
        moment(told)


@pytest.mark.parametrize(("told", "rate"), [("20/s", 20), ("0.5", 0.5), ("3 / s", 3), (None, None)])
def test_a_rate_is_orders_a_second(told: str | None, rate: float | None) -> None:
    assert rate_of(told) == rate


@pytest.mark.parametrize("told", ["fast", "0", "-1/s", "5/min"])
def test_what_is_no_rate_is_wrong_usage(told: str) -> None:
    with pytest.raises(WrongUsage, match="--rate"):
        rate_of(told)
