"""Windows of integer sums: what a concern adds to its theme, is what it takes away when it leaves.

A window is made of whole hours of event time: 24 hours are the running hour and the 23 before it, 7 days
the last 168. Sums are integers, so adding and subtracting in any order gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from contracts.feedback import Tier
from contracts.stages import Decision

HOUR_S = 3600
DAY_H, WEEK_H, HORIZON_H = 24, 168, 336
"""Hours in the windows; beyond the horizon (two weeks, for week over week) nothing is kept."""

N, NEGATIVE, BITTERNESS, URGENCY, SEVERE, CRITICAL, SURE, URGENT, PRAISE = range(9)
"""Places in a cell: concerns, negative ones, thousandths of negativity, thousandths of urgency, critical or
high ones, critical ones, critical ones of enough confidence, critical ones that are urgent, praise: positive
ones that report no bug and ask for nothing."""
CELL = 9

_SEVERITY_MILLI = {"critical": 1000, "high": 500, "medium": 100, "low": 0}
_SIGN_MILLI = 250

Cell = tuple[int, ...]


def cell_of(decision: Decision, sure_milli: int) -> Cell:
    """What one concern counts; ``sure_milli`` is the confidence from which a critical one is sure.

    A positive concern is neither urgent nor severe, whatever words it uses.
    """
    negative = int(decision.sentiment == "negative")
    bitterness = max(0, -decision.sentiment_milli)
    if decision.sentiment == "positive":
        praise = int(not decision.bug and not decision.feature_request)
        return (1, negative, bitterness, 0, 0, 0, 0, 0, praise)
    signs = _SIGN_MILLI * (decision.urgent + decision.churn_risk)
    critical = int(decision.severity == "critical")
    return (
        1,
        negative,
        bitterness,
        min(1000, _SEVERITY_MILLI[decision.severity] + signs),
        int(decision.severity in ("critical", "high")),
        critical,
        critical * int(decision.confidence_milli >= sure_milli),
        critical * int(decision.urgent),
        0,
    )


class Standing(NamedTuple):
    """A customer's tier and weight in thousandths."""

    tier: Tier
    weight: int


class Sums:
    """One window of one theme: totals, and cells by who spoke.

    ``volume`` is in quarters of an account: the first concern of an account counts 4, each further one 1,
    up to ``cap`` concerns. ``weighted`` is the same times the customer's weight in thousandths. Where more
    than half is praise, praise counts nothing in either, because there is nothing to do about it.

    >>> sums = Sums(cap=3); gold = Standing("enterprise", 1800)
    >>> for _ in range(5): sums.add("a:acme", (1, 1, 700, 500, 1, 0, 0, 0), gold)
    >>> sums.total[N], sums.volume, sums.weighted, sums.tiers
    (5, 6, 10800, {'enterprise': 1})
    """

    __slots__ = ("_all", "_cap", "_unpraised", "by_who", "changes", "tiers", "total", "volume", "weighted")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self.by_who: dict[str, list[int]] = {}
        self.tiers: dict[str, int] = {}
        self.total = [0] * CELL
        self.changes = 0
        """How often anything in here changed; what is made of the sums holds until this moves."""
        # Volume and weighted volume: of everything, and of what is not praise.
        self._all = [0, 0]
        self._unpraised = [0, 0]

        self.volume = 0
        self.weighted = 0

    def _weigh(self, sums: list[int], points: int, standing: Standing) -> None:
        sums[0] += points
        sums[1] += points * standing.weight

    def _settle(self) -> None:
        self.changes += 1
        mostly_praise = 2 * self.total[PRAISE] > self.total[N]
        self.volume, self.weighted = self._unpraised if mostly_praise else self._all

    def _points(self, concerns: int) -> int:
        if not concerns:
            return 0
        return 3 + (concerns if concerns < self._cap else self._cap)

    def add(self, who: str, cell: Sequence[int], standing: Standing, sign: int = 1) -> None:
        """Count ``cell`` for ``who``, or take it away again with ``sign`` -1."""
        mine = self.by_who.get(who)
        if mine is None:
            mine = self.by_who[who] = [0] * CELL
            self._count_tier(standing.tier, 1)
        before, unpraised = mine[N], mine[N] - mine[PRAISE]
        total = self.total
        for place, value in _parts(tuple(cell)):
            mine[place] += sign * value
            total[place] += sign * value
        points = self._points(mine[N]) - self._points(before)
        self._weigh(self._all, points, standing)
        if before != unpraised or mine[PRAISE]:  # of who never praised, both change alike
            points = self._points(mine[N] - mine[PRAISE]) - self._points(unpraised)
        self._weigh(self._unpraised, points, standing)
        self._settle()
        if not mine[N]:
            del self.by_who[who]
            self._count_tier(standing.tier, -1)

    def restand(self, who: str, before: Standing, after: Standing) -> bool:
        """A customer's standing changed; say whether they are in this window."""
        mine = self.by_who.get(who)
        if mine is None:
            return False
        change = after.weight - before.weight
        self._all[1] += self._points(mine[N]) * change
        self._unpraised[1] += self._points(mine[N] - mine[PRAISE]) * change
        self._settle()
        self._count_tier(before.tier, -1)
        self._count_tier(after.tier, 1)
        return True

    def _count_tier(self, tier: str, change: int) -> None:
        count = self.tiers.get(tier, 0) + change
        if count:
            self.tiers[tier] = count
        else:
            del self.tiers[tier]

    def accounts_with(self, place: int) -> list[str]:
        """Who has a concern of the kind at ``place``, sorted."""
        return sorted(who for who, cell in self.by_who.items() if cell[place])


@lru_cache(maxsize=4096)
def _parts(cell: Cell) -> tuple[tuple[int, int], ...]:
    """Place and value of what a cell counts; most places of most cells are 0."""
    return tuple((place, value) for place, value in enumerate(cell) if value)


class Family:
    """The windows of one theme and of what was merged into it.

    ``judged`` and ``measured`` belong to who judges and measures: ``changes`` at the last time, and what came
    of it. Both are shortcuts and saved nowhere.
    """

    __slots__ = ("day", "judged", "measured", "week")

    def __init__(self, cap: int) -> None:
        self.day = Sums(cap)
        self.week = Sums(cap)
        self.judged: tuple[int, int] | None = None
        self.measured: Any = None

    @property
    def changes(self) -> tuple[int, int]:
        """How often each window changed."""
        return self.day.changes, self.week.changes


class Weeks:
    """One category in this week and the one before: accounts with their concerns that are no praise."""

    __slots__ = ("before", "now")

    def __init__(self) -> None:
        self.now: dict[str, int] = {}
        self.before: dict[str, int] = {}


def count(counts: dict[str, int], key: str, change: int) -> None:
    """Add to a counter that forgets what is back at zero."""
    after = counts.get(key, 0) + change
    if after:
        counts[key] = after
    else:
        counts.pop(key, None)


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Several counters as one."""
    total: dict[str, int] = {}
    for counter in counts:
        for name, number in counter.items():
            total[name] = total.get(name, 0) + number
    return total


def most(counts: Iterable[Mapping[str, int]]) -> str | None:
    """The most frequent name over all counters; the first by alphabet among equals."""
    total = summed(counts)
    return min(total, key=lambda name: (-total[name], name)) if total else None
