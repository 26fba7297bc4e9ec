"""What a source usually sends, by hour of the week, and when it is silent or floods."""

from __future__ import annotations

import pytest

from models.freshness.rates import WEEK_H, SourceRate, Told


def live(rate: SourceRate, counts: list[int]) -> list[Told]:
    """The source sends so many items in each of the next hours."""
    told: list[Told] = []
    for count in counts:
        for _ in range(count):
            rate.arrived()
        told += rate.advance(rate.hour + 1)
    return told


WORKDAYS = [8 if 9 <= hour % 24 < 17 and hour < 120 else 0 for hour in range(WEEK_H)]


def test_nights_and_weekends_of_a_working_week_are_no_silence_once_they_are_known() -> None:
    assert live(SourceRate(0), WORKDAYS * 6) == []


def test_a_morning_without_an_item_is_a_silence() -> None:
    rate = SourceRate(0)
    live(rate, WORKDAYS * 4)
    (told,) = live(rate, [0] * 14)
    assert (told.what, told.expected_milli) == ("silent", 8_000)


def test_a_source_that_was_seen_for_less_than_a_day_is_not_judged() -> None:
    rate = SourceRate(0)
    assert live(rate, [9] * 10 + [0] * 13) == []


def test_a_rare_source_is_silent_only_after_long() -> None:
    rate = SourceRate(0)
    live(rate, ([1] + [0] * 23) * 20)
    assert live(rate, [0] * 24 * 5) == []
    assert [one.what for one in live(rate, [0] * 24 * 4)] == ["silent"]


@pytest.mark.parametrize(("count", "is_flood"), [(25, False), (31, True)])
def test_an_hour_far_above_the_usual_is_a_flood(count: int, is_flood: bool) -> None:
    rate = SourceRate(0)
    live(rate, [6] * 48)
    assert [one.what for one in live(rate, [count])] == ["flood"] * is_flood


def test_a_silence_does_not_teach_that_silence_is_usual() -> None:
    rate = SourceRate(0)
    live(rate, [5] * 48)
    before = rate.mean_micro
    live(rate, [0] * 24 * 6)
    assert rate.mean_micro >= before * 9 // 10


def test_a_source_that_stays_away_is_told_of_once() -> None:
    rate = SourceRate(0)
    live(rate, [5] * 48)
    assert [one.what for one in live(rate, [0] * WEEK_H * 4)] == ["silent"]


def test_a_rate_that_changed_for_good_is_learned() -> None:
    rate = SourceRate(0)
    live(rate, [5] * WEEK_H * 2)
    assert [one.what for one in live(rate, [60] * WEEK_H * 6)][:1] == ["flood"]
    assert (rate.open, live(rate, [60] * 48)) == ("", [])
