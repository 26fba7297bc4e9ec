"""How much a tenant says at which hour of the week, leaning on its mean where little is known."""

from __future__ import annotations

from typing import Any

WEEK_H, DAY_H = 168, 24
HOUR_S = 3600
PRIOR = 8
"""Concerns with which an hour of the week leans on the mean of all hours."""
KNOWN_H = 2 * WEEK_H
"""Hours before a season is known well enough to judge by."""

# The epoch was a Thursday: weeks begin on Monday.
_THURSDAY_H = 3 * DAY_H


def slot_of(hour: int) -> int:
    """The hour of the week of an hour since the epoch; 0 is Monday's first in UTC.

    >>> slot_of(0), slot_of(96)
    (72, 0)
    """
    return (hour + _THURSDAY_H) % WEEK_H


class Season:
    """Counts and passed hours by hour of the week; ``factor`` is how many times the mean an hour has.

    >>> season = Season()
    >>> for hour in range(4 * 168):
    ...     season.advance(hour)
    ...     if 8 <= slot_of(hour) % 24 < 18: season.update(10)
    >>> round(season.factor(96 + 9), 1), round(season.factor(96 + 2), 1)
    (1.9, 0.3)
    """

    __slots__ = ("_factors", "_twice", "_week", "counts", "hour", "hours")

    def __init__(self) -> None:
        self.counts, self.hours = [0] * WEEK_H, [0] * WEEK_H
        self.hour: int | None = None
        self._take_up(self._learned())

    @property
    def is_known(self) -> bool:
        """Whether there is enough of it to judge by."""
        return sum(self.hours) >= KNOWN_H

    def advance(self, hour: int) -> None:
        """Time has come to this hour since the epoch; once a day what was learned comes into use."""
        if self.hour is None:
            self.hour = hour
        if hour <= self.hour:
            return
        for passed in range(self.hour, min(hour, self.hour + WEEK_H)):
            self.hours[slot_of(passed)] += 1
        new_day = hour // DAY_H != self.hour // DAY_H
        self.hour = hour
        if new_day:
            self._take_up(self._learned())

    def update(self, concerns: int = 1) -> None:
        """So many concerns happened in the running hour."""
        if self.hour is not None:
            self.counts[slot_of(self.hour)] += concerns

    def factor(self, hour: int) -> float:
        """The rate of an hour over the mean of all, as known since the last midnight."""
        return self._factors[slot_of(hour)]

    def span(self, first: int, last: int) -> float:
        """The sum of the factors of the hours from ``first`` to before ``last``."""
        whole, rest = divmod(max(last - first, 0), WEEK_H)
        slot = slot_of(first)
        part = sum(self._twice[slot : slot + rest])
        return whole * self._week + part if whole else part

    def _take_up(self, factors: list[float]) -> None:
        self._factors = factors
        # Two weeks on end, so that any span is a slice; and the sum of one.
        self._twice = factors + factors
        self._week = sum(factors)

    def _learned(self) -> list[float]:
        total, passed = sum(self.counts), sum(self.hours)
        if not total or passed < KNOWN_H:
            return [1.0] * WEEK_H
        mean = total / passed
        return [
            (count + PRIOR) / (hours + PRIOR / mean) / mean
            for count, hours in zip(self.counts, self.hours, strict=True)
        ]

    def encode(self) -> list[Any]:
        """As JSON-able data."""
        return [self.counts, self.hours, self.hour, self._factors]

    @classmethod
    def decode(cls, row: list[Any]) -> Season:
        """The inverse of ``encode``."""
        season = cls()
        season.counts, season.hours, season.hour = list(row[0]), list(row[1]), row[2]
        season._take_up(list(row[3]))
        return season
