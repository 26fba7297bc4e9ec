"""Is a count too high for its hour or its day? Few are enough, and Monday is not Sunday.

A theme's rate is Gamma distributed by what was counted, so the next count is negative binomial: P(X ≥ k) = I_q(k, r)
with r the counts known and q = μ / (μ + r) (for two equal windows this is ``models.priority.growth``'s exact test).
``r`` is held below a bound, because people write in bursts. What is expected is the theme's rate times the tenant's
season of that hour, times the theme's own weekday where three weeks of it are known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import betainc

from models.drift.season import DAY_H, WEEK_H, Season, slot_of
from models.drift.seen import Seen
from models.themes.octets import Reader, Writer

PRIOR_H = 24
"""Hours of the mean with which a theme's rate starts, in which one concern came."""
KNOWN_H = 72
"""Hours of a theme before a burst of it is one: what is new is told as a new family."""
WEEKDAY_PRIOR = 30
"""Concerns with which a theme's weekdays lean on the tenant's."""
WEEKDAYS_FROM_H = 3 * WEEK_H
FORGET_H = 8 * WEEK_H
"""Hours in a baseline at most; then all of it counts half."""
_SPREAD = 20
_MICRO = 1_000_000
_PEOPLE = 64
"""People of one day that are told apart; beyond that every concern counts."""


def tail(k: int, mean: float, known: float) -> float:
    """P(X ≥ k) of a negative binomial count of this mean and size.

    >>> round(tail(15, 6.0, 6), 4), tail(0, 1.0, 5)
    (0.0207, 1.0)
    """
    return float(betainc(k, known, mean / (mean + known))) if k > 0 else 1.0


@lru_cache(maxsize=65_536)
def critical(mean: float, known: float, p: float, least: int) -> int:
    """The smallest count of at least ``least`` whose tail is at most ``p``."""
    low, high = least, max(2 * least, 16)
    while tail(high, mean, known) > p:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if tail(middle, mean, known) <= p else (middle + 1, high)
    return low


class Bound(NamedTuple):
    """From how many people on an hour, or a day, is a burst; and what was expected."""

    hour: int
    day: int
    mean_hour: float
    mean_day: float


class Volume:
    """The counts of one theme, hour by hour; each person counts once in an hour, and once in a day."""

    __slots__ = ("bound", "burst", "count", "day", "hour", "known", "milli_h", "people", "since", "weekdays")

    def __init__(self, hour: int) -> None:
        self.since = self.hour = hour
        self.known = 0
        """Concerns of the hours before the running one, bursts cut at their bound."""
        self.milli_h = 0
        """Thousandths of mean hours in which they came."""
        self.weekdays = [0] * 7
        self.count = self.day = 0
        """People of the running hour, and of the running day."""
        self.people: dict[int, int] = {}
        """Of each person of the running day, the last hour. 24 bits of each: of 64 people of a day,
        two are taken for one on one day of 8,000, and then count as one."""
        self.burst: int | None = None
        """The last hour with a burst."""
        self.bound: Bound | None = None
        """Of the running hour and day, once there are enough people in either for a burst."""

    def update(
        self, person: int, season: Season, p: float, least: int, quiet_h: int
    ) -> tuple[str, Seen] | None:
        """A concern of a person in the season's running hour; the burst (``hour`` or ``day``) that it makes, if any."""
        hour = season.hour or 0
        if hour != self.hour:
            self._close(hour, season)
        if not self._counts(person) or (self.count < least and self.day < 2 * least):
            return None
        if self.bound is None:  # only now: most themes of most hours have too few for any bound
            self.bound = self._bounds(season, p, least)
        name = "hour" if self.count >= self.bound.hour else "day" if self.day >= self.bound.day else None
        if name is None or not season.is_known or self.milli_h < 1000 * KNOWN_H:
            return None
        is_told = self.burst is not None and hour - self.burst < quiet_h
        self.burst = hour
        return None if is_told else (name, self._seen(name, self.bound))

    def _counts(self, person: int) -> bool:
        """Count a person; whether that changed anything."""
        who = person & 0xFFFFFF
        last = self.people.get(who)
        if last == self.hour:
            return False
        self.count += 1
        self.day += last is None
        if last is not None or len(self.people) < _PEOPLE:
            self.people[who] = self.hour
        return True

    def _close(self, hour: int, season: Season) -> None:
        """The running hour is over: learn from it, and begin the new one."""
        learned = self.count if self.bound is None else min(self.count, self.bound.hour)
        self.known += learned
        self.weekdays[slot_of(self.hour) // DAY_H] += learned
        self.milli_h += round(1000 * season.span(self.hour, hour))
        if self.milli_h > 1000 * FORGET_H:
            self.known, self.milli_h = self.known // 2, self.milli_h // 2
            self.weekdays = [count // 2 for count in self.weekdays]
        if hour // DAY_H != self.hour // DAY_H:
            self.day, self.people = 0, {}
        self.count, self.hour, self.bound = 0, hour, None

    def _bounds(self, season: Season, p: float, least: int) -> Bound:
        rate = (self.known + 1) / (self.milli_h / 1000 + PRIOR_H) * self._weekday(season)
        size = float(min(self.known + 1, _SPREAD))
        midnight = self.hour - self.hour % DAY_H
        hour_mean = round(rate * season.factor(self.hour), 6)
        day_mean = round(rate * season.span(midnight, midnight + DAY_H), 6)
        return Bound(
            critical(hour_mean, size, p, least), critical(day_mean, size, p, 2 * least), hour_mean, day_mean
        )

    def _weekday(self, season: Season) -> float:
        """How many times the tenant's share this theme has on the running weekday."""
        if self.milli_h < 1000 * WEEKDAYS_FROM_H:
            return 1.0
        weekday = slot_of(self.hour) // DAY_H
        monday = self.hour - slot_of(self.hour)
        share = season.span(monday + weekday * DAY_H, monday + (weekday + 1) * DAY_H) / season.span(
            monday, monday + WEEK_H
        )
        total = sum(self.weekdays)
        return (self.weekdays[weekday] + WEEKDAY_PRIOR * share) / ((total + WEEKDAY_PRIOR) * share)

    def _seen(self, name: str, bound: Bound) -> Seen:
        count, mean = (self.count, bound.mean_hour) if name == "hour" else (self.day, bound.mean_day)
        p = tail(count, mean, float(min(self.known + 1, _SPREAD)))
        return Seen(round(mean, 3), float(count), self.known, count, p)

    def write(self, to: Writer) -> None:
        """All of it, hours as differences; what is expected goes in millionths, to which it was rounded."""
        to.numbers(self.hour, self.hour - self.since, self.known, self.milli_h, *self.weekdays)
        to.numbers(self.count, self.day, -1 if self.burst is None else self.hour - self.burst)
        people = sorted(self.people.items())
        to.number(len(people))
        ids = np.array([who for who, _ in people], np.int64)
        to.array(np.diff(ids, prepend=0))
        to.array(np.array([self.hour - hour for _, hour in people], np.int64))
        to.number(self.bound is not None)
        if self.bound is not None:
            means = (round(mean * _MICRO) for mean in self.bound[2:])
            to.numbers(self.bound.hour, self.bound.day, *means)

    @classmethod
    def read(cls, source: Reader) -> Volume:
        """The inverse of ``write``."""
        hour, age, known, milli_h, *weekdays = source.numbers(11)
        volume = cls(hour)
        volume.since, volume.known, volume.milli_h, volume.weekdays = hour - age, known, milli_h, weekdays
        volume.count, volume.day, ago = source.numbers(3)
        volume.burst = None if ago < 0 else hour - ago
        people = np.cumsum(source.array(source.number())).tolist()
        volume.people = {
            who: hour - ago for who, ago in zip(people, source.array(len(people)).tolist(), strict=True)
        }
        if source.number():
            least, least_day, mean, mean_day = source.numbers(4)
            volume.bound = Bound(least, least_day, mean / _MICRO, mean_day / _MICRO)
        return volume
