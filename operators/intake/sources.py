"""Freshness: how much each source of each tenant sends, by the journal's own time; silence and floods are told.

In:    deliveries, ticks.   Out: signals ``source_silent``, ``source_flood`` and ``source_back``, behind the tick.
State: a rate for each source, and the hour that a tenant's ticks have come to.
What is loaded as history or comes late teaches nothing: it says when it happened, not that its source lives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.envelope import EVERYONE
from contracts.feedback import FeedbackReceived, Tick
from models.freshness.rates import SourceRate, Told
from operators.state import Table

HOUR_S = 3600

# A delivery of what happened longer ago is backfill.
LATE_S = 48 * HOUR_S

SOURCES_PER_TENANT = 200
"""Sources of one tenant that are watched; files name sources, and somebody may upload a thousand."""


def _encode(rate: SourceRate) -> list[Any]:
    means = [[slot, *mean] for slot, mean in sorted(rate.means.items())]
    return [
        rate.hour,
        rate.count,
        rate.hours,
        rate.mean_micro,
        rate.missed_milli,
        rate.quiet_h,
        rate.longest_h,
        rate.open,
        means,
    ]


def _decode(row: list[Any]) -> SourceRate:
    rate = SourceRate(*row[:8])
    rate.means = {slot: [weeks, mean] for slot, weeks, mean in row[8]}
    return rate


class Sources:
    """The sources of one journal partition; ``rates`` and ``hours`` are bulk state."""

    def __init__(self) -> None:
        self.rates: Table[SourceRate] = Table(_encode, _decode)
        self.hours: Table[int] = Table()
        self._counts: dict[str, int] | None = None

    def delivered(self, record: FeedbackReceived) -> None:
        """Somebody of a tenant that loads no history delivered something."""
        hour = self._hour(record.tenant)
        # In seconds: an event at the end of the calendar, which anybody may claim, has no day after it.
        if hour is None or (int(record.event_time.timestamp()) + LATE_S) // HOUR_S < hour:
            return
        key = f"{record.tenant}|{record.source}"
        rate = self.rates.get(key)
        if rate is None:
            if self._known(record.tenant) >= SOURCES_PER_TENANT:
                return
            self._known_more(record.tenant)
            rate = SourceRate(hour)
            self.rates.put(key, rate)
        rate.arrived()
        self.rates.touch(key)

    def ticked(self, tick: Tick, loading: Table[bool]) -> Iterator[tuple[str, str, Told]]:
        """Tenant, source and what is to be told of it, sorted; nothing of those that are loading, but for own ticks."""
        hour = int(tick.event_time.timestamp()) // HOUR_S
        before = self.hours.get(tick.tenant)
        if before is None or hour > before:
            self.hours.put(tick.tenant, hour)
        for key in self.rates.keys():  # noqa: SIM118 - a Table is no dict; its keys are sorted
            tenant, _, source = key.partition("|")
            if tick.tenant not in (EVERYONE, tenant) or (tick.tenant == EVERYONE and tenant in loading):
                continue
            rate = self.rates[key]
            told = rate.advance(max(rate.hour, hour))
            if told or rate.hour != before:
                self.rates.touch(key)
            yield from ((tenant, source, one) for one in told)

    def _hour(self, tenant: str) -> int | None:
        known = [hour for hour in (self.hours.get(tenant), self.hours.get(EVERYONE)) if hour is not None]
        return max(known, default=None)

    def _known(self, tenant: str) -> int:
        if self._counts is None:
            self._counts = {}
            for key in self.rates.keys():  # noqa: SIM118 - a Table is no dict
                self._known_more(key.partition("|")[0])
        return self._counts.get(tenant, 0)

    def _known_more(self, tenant: str) -> None:
        if self._counts is not None:
            self._counts[tenant] = self._counts.get(tenant, 0) + 1
