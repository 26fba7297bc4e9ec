"""The windows of one tenant, derived from its rows: by theme family, by category, by hour of leaving.

Rebuilt on restore; integers only, so a rebuilt tally equals the one that grew.
"""

from __future__ import annotations

from collections.abc import Callable

from models.priority.windows import (
    DAY_H,
    HORIZON_H,
    HOUR_S,
    NEGATIVE,
    PRAISE,
    WEEK_H,
    Family,
    N,
    Standing,
    Weeks,
    count,
)
from operators.prioritise.rows import Counted


class Tallies:
    """Sums of what was counted, in the windows that end with the running ``hour``."""

    def __init__(self, hour: int, cap: int, standing: Callable[[str], Standing]) -> None:
        self.hour = hour
        self.families: dict[str, Family] = {}
        self.since: dict[str, int] = {}
        """Themes of which rules look only at what happened from a second on."""
        self._fresh: dict[str, Family] = {}
        self.categories: dict[str, Weeks] = {}
        self.negatives = 0
        self._by_hour: dict[int, dict[str, Counted]] = {}
        self._speaks: dict[str, int] = {}
        self._cap = cap
        self._standing = standing

    def family(self, root: str) -> Family:
        """The windows of a theme; empty ones when it has no concern in them."""
        return self.families.get(root) or Family(self._cap)

    def judged(self, root: str) -> Family:
        """The windows that rules look at: those of a theme whose issue was done hold what came since."""
        return (self._fresh.get(root) or Family(self._cap)) if root in self.since else self.family(root)

    def look_from(self, root: str, since: int, root_of: Callable[[str], str]) -> None:
        """Let rules look at a theme from the second ``since`` on; from 0 on means at all of it."""
        self._fresh.pop(root, None)
        self.since.pop(root, None)
        if not since:
            return
        self.since[root] = since
        for hour in sorted(h for h in self._by_hour if h >= since // HOUR_S):
            for row in self._by_hour[hour].values():
                if row.theme is not None and row.at >= since and root_of(row.theme) == root:
                    self._put(self._fresh, row, root, 1)

    def speakers(self, origins: set[str], first: int, last: int) -> set[str]:
        """Who spoke of these origin themes in the hours ``first`` to ``last``."""
        hours = (hour for hour in self._by_hour if first <= hour <= last)
        return {row.who for hour in hours for row in self._by_hour[hour].values() if row.theme in origins}

    def speaks(self, who: str) -> bool:
        """Whether anything of ``who`` is inside the horizon."""
        return who in self._speaks

    def enter(self, concern: str, row: Counted) -> None:
        """Count a concern for its category and remember when it leaves; its theme is ``place``'s."""
        self._by_hour.setdefault(row.hour, {})[concern] = row
        count(self._speaks, row.who, 1)
        self.categorise(row, 1)

    def leave(self, concern: str, row: Counted) -> None:
        """Take a concern out for good; it is in no theme any more."""
        self.categorise(row, -1)
        count(self._speaks, row.who, -1)
        hour = self._by_hour[row.hour]
        del hour[concern]
        if not hour:
            del self._by_hour[row.hour]

    def place(self, row: Counted, root: str, sign: int) -> None:
        """Add a concern to the windows of a theme, or take it out with ``sign`` -1."""
        self._put(self.families, row, root, sign)
        if self._is_fresh(row, root):
            self._put(self._fresh, row, root, sign)

    def _is_fresh(self, row: Counted, root: str) -> bool:
        since = self.since.get(root)
        return since is not None and row.at >= since

    def _put(self, families: dict[str, Family], row: Counted, root: str, sign: int) -> None:
        if row.hour <= self.hour - WEEK_H:
            return
        family = families.get(root)
        if family is None:
            family = families[root] = Family(self._cap)
        standing = self._standing(row.who)
        family.week.add(row.who, row.cell, standing, sign)
        if row.hour > self.hour - DAY_H:
            family.day.add(row.who, row.cell, standing, sign)
        if not family.week.total[N]:
            del families[root]

    def shift(self, origins: set[str], root: str, sign: int) -> None:
        """Add or take out all that these origin themes have in the windows."""
        for hour in sorted(self._by_hour):
            for row in self._by_hour[hour].values():
                if row.theme in origins:
                    self.place(row, root, sign)

    def restand(self, who: str, before: Standing, after: Standing) -> set[str]:
        """Weigh a customer anew in all windows; say which themes that touched."""
        touched = set()
        for family in self._fresh.values():
            family.day.restand(who, before, after)
            family.week.restand(who, before, after)
        for root, family in self.families.items():
            family.day.restand(who, before, after)
            if family.week.restand(who, before, after):
                touched.add(root)
        return touched

    def advance(self, hour: int, root: Callable[[str], str]) -> tuple[set[str], list[tuple[str, Counted]]]:
        """Let the windows end with ``hour``. Returns the themes touched, and what left the horizon."""
        touched: set[str] = set()
        left: list[tuple[str, Counted]] = []
        before, self.hour = self.hour, max(self.hour, hour)
        for old in [h for h in sorted(self._by_hour) if h <= hour - DAY_H] if hour > before else ():
            rows = self._by_hour[old]
            if old > before - DAY_H:
                touched |= {self._leave_day(row, root(row.theme)) for row in rows.values() if row.theme}
            if before - WEEK_H < old <= hour - WEEK_H:
                touched |= {self._leave_week(row, root(row.theme)) for row in rows.values() if row.theme}
                self._turn_week(rows)
            if old <= hour - HORIZON_H:
                left += sorted(rows.items())
        for concern, row in left:
            self.leave(concern, row)
        return touched, left

    def _leave_day(self, row: Counted, root: str) -> str:
        standing = self._standing(row.who)
        self.families[root].day.add(row.who, row.cell, standing, -1)
        if self._is_fresh(row, root):
            self._fresh[root].day.add(row.who, row.cell, standing, -1)
        return root

    def _leave_week(self, row: Counted, root: str) -> str:
        for families in (self.families, self._fresh) if self._is_fresh(row, root) else (self.families,):
            family = families[root]
            family.week.add(row.who, row.cell, self._standing(row.who), -1)
            if not family.week.total[N]:
                del families[root]
        return root

    def _turn_week(self, rows: dict[str, Counted]) -> None:
        for row in rows.values():
            weeks = self.categories[row.category]
            self.negatives -= row.cell[NEGATIVE]
            if not row.cell[PRAISE]:
                count(weeks.now, row.who, -1)
                count(weeks.before, row.who, 1)

    def categorise(self, row: Counted, sign: int) -> None:
        """Count a concern for its category, or take it out with ``sign`` -1."""
        weeks = self.categories.get(row.category)
        if weeks is None:
            weeks = self.categories[row.category] = Weeks()
        is_now = row.hour > self.hour - WEEK_H
        self.negatives += sign * row.cell[NEGATIVE] if is_now else 0
        if not row.cell[PRAISE]:
            count(weeks.now if is_now else weeks.before, row.who, sign)
