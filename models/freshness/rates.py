"""The rate of one source, learned by hour of the week; silence and floods.

An hour of the week has a mean of its own once it was seen in two weeks. Arrivals are taken as Poisson: of a source of
which ``m`` items were expected in such hours since its last one, silence has the probability exp(-m). Before the nights
and weekends are known, the mean of all hours stands in, and a silence must also be five times as long as any before it;
before a day was seen nothing is said.
All numbers are integers, so a rate is the same whatever machine learned it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WEEK_H = 168

SILENT_MILLI = 7_000
"""Items expected and missed, in thousandths, at which a source is silent: chance does so once in 1,100."""

SILENT_HOURS = 2
"""Hours without an item, at the least: a source of hundreds an hour may restart."""

FLOOD_TIMES, FLOOD_MORE = 5, 20
"""An hour with so many times what was expected, and so many items more, is a flood."""

KNOWN_AFTER_H = 24
"""Hours after which the mean of all hours counts."""

SLOT_WEEKS = 2
"""Weeks after which an hour of the week has a mean of its own."""

UNKNOWN_TIMES = 5
"""How many times the longest silence so far is one, whatever is known of hours."""

# How many weeks, and hours, a mean looks back: a rate that changed for good is learned in two months, or a week.
_WEEKS, _HOURS = 8, WEEK_H

# After a silence of a week nothing is expected any more until the source speaks.
_GIVEN_UP_H = WEEK_H

# A clock that jumps further than this (the first tick after history) closes no hours.
_JUMP_H = 2 * WEEK_H

Happening = Literal["silent", "flood", "back"]


@dataclass(frozen=True, slots=True)
class Told:
    """Something happened to a source: ``count`` hours of silence, or items of the hour; what was expected of it."""

    what: Happening
    count: int
    expected_milli: int


@dataclass(slots=True)
class SourceRate:
    """One source; ``hour`` is the running one (whole hours since 1970), ``means`` are by hour of the week.

    ``means``: for each hour of the week in how many weeks it was seen, and its mean in thousandths; ``mean_micro`` is
    that of all hours in millionths, because rare sources have small ones. ``open`` is what was told of last;
    ``longest_h`` the longest silence that was none.
    """

    hour: int
    count: int = 0
    hours: int = 0
    mean_micro: int = 0
    missed_milli: int = 0
    quiet_h: int = 0
    longest_h: int = 1
    open: str = ""
    means: dict[int, list[int]] = field(default_factory=dict)

    def expected_milli(self, hour: int) -> int | None:
        """Items expected in an hour, in thousandths; None while nobody knows."""
        weeks, mean = self.means.get(hour % WEEK_H, (0, 0))
        if weeks >= SLOT_WEEKS:
            return mean
        return self.mean_micro // 1000 if self.hours >= KNOWN_AFTER_H else None

    def arrived(self) -> None:
        """One more item in the running hour."""
        self.count += 1

    def advance(self, hour: int) -> list[Told]:
        """Time has come to ``hour``: what there is to tell, at most one of each kind."""
        told: list[Told] = []
        if hour - self.hour > _JUMP_H:
            self.hour, self.count, self.quiet_h, self.missed_milli = hour, 0, 0, 0
        told += self._back()
        told += self._flood()
        while self.hour < hour:
            told += self._close()
        return told

    def _back(self) -> list[Told]:
        if self.open != "silent" or not self.count:
            return []
        self.open = ""
        return [Told("back", self.count, self.expected_milli(self.hour) or 0)]

    def _flood(self) -> list[Told]:
        expected = self.expected_milli(self.hour)
        if expected is None or self.open == "flood" or not self._is_flood(expected):
            return []
        self.open = "flood"
        return [Told("flood", self.count, expected)]

    def _is_flood(self, expected: int) -> bool:
        return 1000 * self.count >= max(FLOOD_TIMES * expected, expected + 1000 * FLOOD_MORE)

    def _close(self) -> list[Told]:
        """The running hour is over: learn from it, and see whether it was too quiet."""
        expected, told = self.expected_milli(self.hour), list[Told]()
        if self.count:
            self.longest_h = max(self.longest_h, self.quiet_h) if self.open != "silent" else self.longest_h
            self.quiet_h = self.missed_milli = 0
        else:
            self.quiet_h += 1
            self.missed_milli += expected or 0 if self._is_known() else 0
        if expected is not None and self.open == "flood" and not self._is_flood(expected):
            self.open = ""
        missed = self._missed_milli()
        if missed and self.open != "silent":
            self.open = "silent"
            told.append(Told("silent", self.quiet_h, missed))
        # An outage does not teach that silence is usual, unless it lasts for a week.
        if self.open != "silent" or self.quiet_h > _GIVEN_UP_H:
            self._learn(expected)
        self.hour, self.count = self.hour + 1, 0
        return told

    def _missed_milli(self) -> int:
        """What was expected of a source that is silent; 0 of one that is not."""
        if self.missed_milli >= SILENT_MILLI and self.quiet_h >= SILENT_HOURS:
            return self.missed_milli
        by_mean = self.quiet_h * self.mean_micro // 1000 if self.hours >= KNOWN_AFTER_H else 0
        return by_mean if by_mean >= SILENT_MILLI and self.quiet_h >= UNKNOWN_TIMES * self.longest_h else 0

    def _is_known(self) -> bool:
        return self.means.get(self.hour % WEEK_H, (0, 0))[0] >= SLOT_WEEKS

    def _learn(self, expected: int | None) -> None:
        seen = 1000 * self.count
        if expected is not None:  # a flood counts as no more than what makes one
            seen = min(seen, max(FLOOD_TIMES * expected, expected + 1000 * FLOOD_MORE))
        slot = self.means.setdefault(self.hour % WEEK_H, [0, 0])
        slot[0] = min(slot[0] + 1, _WEEKS)
        slot[1] += (seen - slot[1]) // slot[0]
        self.hours = min(self.hours + 1, _HOURS)
        self.mean_micro += (1000 * seen - self.mean_micro) // self.hours
