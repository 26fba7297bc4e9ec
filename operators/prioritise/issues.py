"""What is known of the issues of one tenant: which stand for which theme, what trackers said, how they ended.

Rows are the truth and are logged; the index by theme is derived. Nothing in here emits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from contracts.commands import ReportIssue
from contracts.priority import Interval
from models.priority.policy import FollowUp
from models.priority.verdicts import VerdictWeights
from models.priority.wilson import wilson_interval
from operators.prioritise.rows import IssueRow, key, rows_of
from operators.prioritise.verdicts import Verdicts
from operators.state import Table

MOST_ACCOUNTS = 500
"""Accounts that are remembered to be told, for one issue."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Issues:
    """The issues of one tenant, by id, and how they ended; ``clock`` is its clock in seconds."""

    def __init__(self, tenant: str, rows: Table[IssueRow], weights: VerdictWeights, clock: int) -> None:
        self._tenant = tenant
        self._rows = rows
        self.by_id: dict[str, IssueRow] = dict(rows_of(rows, tenant))
        self._of_theme: dict[str, set[str]] = {}
        for issue, row in self.by_id.items():
            self._index(issue, row)
        self.verdicts = Verdicts(weights, clock, self.by_id.items())

    def opened(
        self, issue: str, theme: str, episode: int, rule: str, clock: int, category: str = ""
    ) -> IssueRow:
        """An issue is opened for an episode of a theme whose concerns are mostly about ``category``."""
        row = IssueRow(
            theme, episode, rule, opened_at=clock, at=1000 * clock, said_at=clock, category=category
        )
        self.by_id[issue] = row
        self._rows.put(key(self._tenant, issue), row)
        self.verdicts.put(issue, row)
        self._index(issue, row)
        return row

    def told(self, order: ReportIssue) -> str | None:
        """Take up what a tracker says. The state before it; None if that is old or no news, or the issue not ours."""
        at = (order.at - _EPOCH) // timedelta(milliseconds=1)
        row = self.by_id.get(order.issue_id)
        if row is None:
            return None
        before = (row.state, row.tracker, row.key, row.url, row.duplicate_of, row.priority)
        if at < row.at:
            return None
        was, row.state, row.at = row.state, order.state, at
        row.tracker, row.key, row.url = order.tracker, order.key, order.url or row.url
        row.duplicate_of = (order.duplicate_of or row.duplicate_of) if order.state == "duplicate" else None
        if order.priority is not None and order.by_people:
            row.priority = order.priority
        self.touch(order.issue_id)
        after = (row.state, row.tracker, row.key, row.url, row.duplicate_of, row.priority)
        return None if before == after else was

    def touch(self, issue: str) -> None:
        """Say that an issue's row was changed in place."""
        self.verdicts.put(issue, self.by_id[issue])
        self._rows.touch(key(self._tenant, issue))

    def lives(self, issue: str) -> bool:
        """Whether there is such an issue that somebody is to work on."""
        row = self.by_id.get(issue)
        return row is not None and row.lives

    def goes_on(self, issue: str, clock: int, policy: FollowUp) -> bool:
        """Whether a rule that starts means this issue, and not a new one.

        Of an issue of which no tracker ever spoke nobody knows, so it is a new one.
        """
        row = self.by_id.get(issue)
        if row is None or not row.tracker:
            return False
        ended = row.done_at if row.done_at is not None else row.at // 1000
        return row.lives or clock < ended + policy.reopen_within_d * 86_400

    def latest(self, theme: str) -> str:
        """The latest issue that was opened for a theme itself; empty if there is none."""
        own = self._of_theme.get(theme, ())
        return max(own, key=lambda issue: (self.by_id[issue].episode, issue), default="")

    def of_themes(self, themes: Iterable[str]) -> list[IssueRow]:
        """The issues that were opened for these themes."""
        return [self.by_id[issue] for theme in themes for issue in sorted(self._of_theme.get(theme, ()))]

    def of_rule(self, rule: str) -> list[IssueRow]:
        """The issues that a rule opened."""
        return [row for row in self.by_id.values() if row.rule == rule]

    def _index(self, issue: str, row: IssueRow) -> None:
        self._of_theme.setdefault(row.theme, set()).add(issue)


def resolution(rows: Iterable[IssueRow]) -> Interval:
    """The share of issues that came to an end by being done, with Wilson's interval.

    Cancelled and duplicate ones ended otherwise; those in work or deleted say nothing.
    """
    states = [row.state for row in rows]
    done = states.count("done")
    return wilson_interval(done, done + states.count("cancelled") + states.count("duplicate"))
