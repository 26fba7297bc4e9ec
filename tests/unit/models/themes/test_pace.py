"""How fast a theme grows: a sliding day against the seven before it."""

from __future__ import annotations

import random

from models.themes.pace import Pace, velocity

HOUR = 3_600
DAY = 24 * HOUR


def steady(per_day: int, days: int) -> Pace:
    pace = Pace()
    for n in range(per_day * days):
        pace.add(n * DAY // per_day, 1)
    return pace


def test_a_steady_theme_is_as_fast_now_as_before() -> None:
    now, before = velocity([steady(24, 10)], 10 * DAY - 1)
    assert (now, before) == (24_000, 24_000)


def test_a_burst_shows_at_once_and_becomes_the_past_a_day_later() -> None:
    pace = steady(8, 10)
    for n in range(40):
        pace.add(10 * DAY + n, 1)
    assert velocity([pace], 10 * DAY + 60)[0] >= 40_000
    now, before = velocity([pace], 11 * DAY + 7 * HOUR)
    assert now == 0
    assert before > 8_000


def test_a_new_theme_has_no_past() -> None:
    pace = Pace()
    pace.add(100, 1)
    assert velocity([pace], 200) == (1_000, 0)


def test_the_order_of_what_joins_and_leaves_does_not_matter() -> None:
    moments = [n * 5 * HOUR for n in range(40)]
    one, two = Pace(), Pace()
    for at_s in moments:
        one.add(at_s, 1)
    for at_s in [moments[-1], *random.Random(1).sample(moments, 40), moments[-1]]:
        two.add(at_s, 1)
    two.add(moments[-1], -1)
    two.add(moments[-1], -1)
    assert one.encode() == two.encode()


def test_two_parts_of_a_theme_add_up_whatever_their_latest_concern() -> None:
    early, late, both = Pace(), Pace(), Pace()
    for n in range(60):
        (early if n < 25 else late).add(n * 3 * HOUR, 1)
        both.add(n * 3 * HOUR, 1)
    for at_s in (180 * HOUR, 200 * HOUR, 400 * HOUR):
        assert velocity([early, late], at_s) == velocity([both], at_s)


def test_what_is_stored_goes_on_alike() -> None:
    pace = steady(3, 20)
    again = Pace.decode(pace.encode())
    for one in (pace, again):
        one.add(21 * DAY, 1)
    assert again.encode() == pace.encode()
    assert len(pace.encode()) <= 34
    assert Pace.decode(Pace().encode()).encode() == Pace().encode()
