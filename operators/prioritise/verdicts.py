"""What trackers' verdicts on a tenant's earlier issues say of a theme's weight.

In: rows of issues whenever one changes, and the days of the tenant's clock.   Out: counts by category or rule, and the
names of those whose factor changed.
State: derived from the rows, so what was rebuilt equals what grew. Verdicts leave after some days of that clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from contracts.priority import Interval
from contracts.priority import Verdicts as Said
from models.priority.verdicts import NEUTRAL_MILLI, VerdictWeights
from models.priority.wilson import wilson_interval
from operators.prioritise.rows import IssueRow

DAY_S = 86_400


class _Counted(NamedTuple):
    """A verdict as it was counted: of what, on which day since 1970, and whether the issue was done."""

    name: str
    day: int
    done: bool


class Verdicts:
    """How the issues of one tenant ended, by what they are counted for; ``clock`` is its clock in seconds."""

    def __init__(self, weights: VerdictWeights, clock: int, rows: Iterable[tuple[str, IssueRow]]) -> None:
        self.weights = weights
        self._today = clock // DAY_S
        self._counted: dict[str, _Counted] = {}
        self._by_day: dict[int, set[str]] = {}
        self._sums: dict[str, list[int]] = {}
        self._changed: set[str] = set()
        for issue, row in rows:
            self.put(issue, row)
        self._changed.clear()

    def put(self, issue: str, row: IssueRow) -> None:
        """An issue is what this row says now."""
        before, after = self._counted.get(issue), self._of(row)
        if before == after:
            return
        factors = self._factors(one.name for one in (before, after) if one is not None)
        if before is not None:
            self._take(issue, before)
        if after is not None:
            self._counted[issue] = after
            self._by_day.setdefault(after.day, set()).add(issue)
            self._add(after, 1)
        self._note(factors)

    def advance(self, clock: int) -> None:
        """Let the days end with that of ``clock``; older verdicts than are wanted count no more."""
        today = clock // DAY_S
        if today <= self._today:
            return
        self._today, factors = today, self._factors(list(self._sums))
        for day in sorted(day for day in self._by_day if day <= today - self.weights.within_d):
            for issue in sorted(self._by_day[day]):
                self._take(issue, self._counted[issue])
        self._note(factors)

    def of(self, name: str) -> Interval:
        """The share of the issues counted for ``name`` that were done."""
        done, ended = self._sums.get(name, (0, 0))
        return wilson_interval(done, ended)

    def changed(self) -> set[str]:
        """The names whose factor changed since this was asked last."""
        names, self._changed = self._changed, set()
        return names

    def __len__(self) -> int:
        return len(self._sums)

    def _of(self, row: IssueRow) -> _Counted | None:
        name = row.category if self.weights.by == "category" else row.rule
        if not self.weights.enabled or not name or row.state not in ("done", "cancelled", "duplicate"):
            return None
        day = row.at // 1000 // DAY_S
        return _Counted(name, day, row.state == "done") if day > self._today - self.weights.within_d else None

    def _take(self, issue: str, was: _Counted) -> None:
        del self._counted[issue]
        self._by_day[was.day].discard(issue)
        if not self._by_day[was.day]:
            del self._by_day[was.day]
        self._add(was, -1)

    def _add(self, one: _Counted, sign: int) -> None:
        sums = self._sums.setdefault(one.name, [0, 0])
        sums[0] += sign * one.done
        sums[1] += sign
        if not sums[1]:
            del self._sums[one.name]

    def _factors(self, names: Iterable[str]) -> dict[str, int]:
        return {name: self.weights.factor_milli(self.of(name)) for name in names}

    def _note(self, before: dict[str, int]) -> None:
        after = self._factors(before)
        self._changed |= {name for name, milli in after.items() if milli != before[name]}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A theme's factor, and why: ``held`` says what keeps it from being lowered."""

    milli: int
    by: Literal["category", "rule"]
    name: str
    resolution: Interval
    held: str | None = None

    def record(self) -> Said:
        """The same for a record."""
        return Said(
            by=self.by, name=self.name, resolution=self.resolution, factor=self.milli / 1000, held=self.held
        )

    def words(self) -> str:
        """A sentence that explains the factor; empty where it changes nothing and nothing was held."""
        if self.milli == NEUTRAL_MILLI and self.held is None:
            return ""
        done = self.resolution
        of = f"{done.count} of {done.of} issues of {self.by} {self.name} that ended were done"
        interval = f"95 % interval {100 * done.low:.0f} % to {100 * done.high:.0f} %"
        kept = f"; it is not lowered for that, because {self.held}" if self.held else ""
        return f" Verdicts: {of} ({interval}){kept}."
