"""What happens to an issue after it was opened: comments, opened again, tied to another, done and measured.

In:    the tenant's book, and a record that a rule starts at, a tracker reports with, or the clock goes on with.
Out:   ``linear`` (what is to be done to an issue), ``issues`` (what became of one), ``alerts`` where that is news.
State: rows of issues and themes, in the book. Elsewhere: which rules start (``judge``), the words (``records``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.commands import ReportIssue
from contracts.envelope import Envelope, Out
from contracts.priority import IssueStatus, LinearIssue
from models.priority.drop import drop_of
from models.priority.impact import counted
from models.priority.matrix import Matrix
from models.priority.policy import CriticalRule
from models.priority.windows import HORIZON_H, HOUR_S, WEEK_H, N, Sums, most
from operators import linear_issue
from operators.calendar import moment
from operators.prioritise import actions, records
from operators.prioritise.book import TenantBook
from operators.prioritise.issues import MOST_ACCOUNTS, resolution
from operators.prioritise.judge import Started, may_alert
from operators.prioritise.rows import IssueRow

_DAY_BEFORE_H = 23


@dataclass(frozen=True, slots=True)
class Follow:
    """Follows issues. ``header`` makes the envelope's fields of an output on account of a record."""

    opened: records.Opened
    matrix: Matrix
    header: Callable[[TenantBook, Envelope], dict[str, Any]]

    def open(self, book: TenantBook, record: Envelope, root: str, issue: LinearIssue) -> Out:
        """Remember an issue that is opened, and say so."""
        category = most(book.themes[name].categories for name in book.origins(root)) or ""
        row = book.issues.opened(issue.issue_id, root, issue.episode, issue.rule, book.clock, category)
        row.tell = list(issue.accounts)
        book.themes[root].issue = issue.issue_id
        book.touch_theme(root)
        return self.status(book, record, issue.issue_id)

    def again(self, book: TenantBook, record: Envelope, root: str, started: Started) -> list[Out]:
        """A rule starts, and the issue that stands for the theme is meant: open it again, or comment on it.

        One that people cancelled or called a duplicate stays as it is; an alert says that customers come.
        """
        issue = book.themes[root].issue
        row, outs = book.issues.by_id[issue], list[Out]()
        if row.state == "done":
            outs = self._reopen(book, record, root, issue)
        elif row.lives and book.clock - row.said_at >= book.policy.follow.wait_s(row.words):
            outs = [self._recur(book, record, root, issue)]
        critical = isinstance(started.rule, CriticalRule)
        if not (row.lives or critical) or (critical and may_alert(book, root)):
            header = self.header(book, record)
            outs.append(Out("alerts", records.theme_alert(book, root, started, False, header)))
        return outs

    def reported(self, book: TenantBook, record: Envelope, order: ReportIssue) -> tuple[list[Out], list[str]]:
        """A tracker said what an issue is now: what that leads to, and the themes that rules are to be asked of."""
        was = book.issues.told(order)
        if was is None:
            return [], []
        row = book.issues.by_id[order.issue_id]
        root = book.root(row.theme)
        stands = book.themes[root].issue == order.issue_id
        if was == "done" and row.state != "done":
            self._undone(row)
            row.regressions += row.lives
        if was != "done" and row.state == "done":
            self._done(book, root, row, order)
            if stands:
                book.themes[root].open.clear()
                book.look_from(root, (row.done_at or 0) + book.policy.follow.settle_h * HOUR_S)
        book.issues.touch(order.issue_id)
        book.mark([root])
        return [self.status(book, record, order.issue_id)], [root] if stands else []

    def merged(self, book: TenantBook, record: Envelope, gone: str, root: str) -> list[Out]:
        """Two themes became one: if an issue is open for each, tie that of the one that is ``gone`` to the other."""
        issue, into = book.themes[gone].issue, book.themes[root].issue
        if gone == root or issue == into or not (book.issues.lives(issue) and book.issues.lives(into)):
            return []
        text = f"Its theme was merged into another one, for which issue {into} stands."
        told = self._record(book, record, root, issue, "relink", text)
        bare = {
            "quotes": (), "customers": (), "into_issue_id": into, "theme_id": gone, "description": f"{text}\n"
        }  # fmt: skip
        return [Out("linear", told.model_copy(update=bare))]

    def on_hour(self, book: TenantBook, record: Envelope) -> list[Out]:
        """Once an hour: comments that are due, drops that can be measured, and times that are over."""
        outs: list[Out] = []
        for issue in sorted(book.issues.by_id):
            row = book.issues.by_id[issue]
            root = book.root(row.theme)
            if book.themes[root].issue == issue and self._is_due(book, root, row):
                outs.append(self._recur(book, record, root, issue))
            elif row.before and not row.drop:
                outs += self._measure(book, record, issue, row)
        for root in sorted(book.tallies.since):
            if book.tallies.since[root] // HOUR_S <= book.hour - WEEK_H:
                # Then it holds for all that is counted.
                book.look_from(root, 0)
        return outs

    def status(self, book: TenantBook, record: Envelope, issue: str) -> Out:
        """What became of an issue."""
        row = book.issues.by_id[issue]
        root = book.root(row.theme)
        said = IssueStatus(
            **self.header(book, record),
            issue_id=issue,
            theme_id=row.theme,
            label=records.name_of(book, root),
            episode=row.episode,
            rule=row.rule,
            state=row.state,
            at=moment(row.at // 1000),
            opened_at=moment(row.opened_at),
            theme_resolution=resolution(book.issues.of_themes(book.origins(root))),
            rule_resolution=resolution(book.issues.of_rule(row.rule)),
            regressions=row.regressions,
            tracker=row.tracker or None,
            key=row.key or None,
            url=row.url,
            duplicate_of=row.duplicate_of,
            priority=row.priority,
            done_at=None if row.done_at is None else moment(row.done_at),
            drop=drop_of(row.drop[0], row.drop[1]) if row.drop else None,
            accounts=row.hit if row.state == "done" else 0,
            tell=tuple(row.tell) if row.state == "done" else (),
        )
        return Out("issues", said)

    def _done(self, book: TenantBook, root: str, row: IssueRow, order: ReportIssue) -> None:
        """Note when, who came in the week before that, and who is to be told."""
        row.done_at = min(int(order.at.timestamp()), book.clock)
        origins, hour = set(book.origins(root)), row.done_at // HOUR_S
        row.before = [len(book.tallies.speakers(origins, hour - WEEK_H + 1, hour)), len(origins)]
        everyone = book.tallies.speakers(origins, hour - HORIZON_H, hour)
        accounts = sorted({who[2:] for who in everyone if who.startswith("a:")} | set(row.tell))
        row.tell, row.hit = accounts[:MOST_ACCOUNTS], len(accounts)

    def _undone(self, row: IssueRow) -> None:
        row.done_at, row.before, row.drop, row.words = None, [], [], 0

    def _reopen(self, book: TenantBook, record: Envelope, root: str, issue: str) -> list[Out]:
        row, since = book.issues.by_id[issue], self._since(book, root)
        sums = book.tallies.judged(root).week
        text = f"Customers came back after this was done: {_counts(sums)} since {_when(since)}."
        told = self._record(book, record, root, issue, "reopen", text, since, sums)
        self._undone(row)
        row.state, row.at, row.said_at = "open", 1000 * book.clock, book.clock
        row.regressions += 1
        book.issues.touch(issue)
        book.mark([root])
        return [Out("linear", told), self.status(book, record, issue)]

    def _since(self, book: TenantBook, root: str) -> int:
        """From when on the windows count that rules look at."""
        return max(book.tallies.since.get(root, 0), (book.hour - WEEK_H + 1) * HOUR_S)

    def _is_due(self, book: TenantBook, root: str, row: IssueRow) -> bool:
        """Whether a comment is worth it: the issue is known to be open, rules hold, enough accounts came lately."""
        theme, follow = book.themes[root], book.policy.follow
        if not (row.lives and row.tracker and theme.open) or theme.muted:
            return False
        if book.clock - row.said_at < follow.wait_s(row.words):
            return False
        day = book.tallies.family(root).day
        return day.volume > 0 and len(day.by_who) >= follow.recur_min_accounts

    def _recur(self, book: TenantBook, record: Envelope, root: str, issue: str) -> Out:
        row, day = book.issues.by_id[issue], book.tallies.family(root).day
        since = (book.hour - _DAY_BEFORE_H) * HOUR_S
        text = f"Customers still come: {_counts(day)} since {_when(since)}."
        told = self._record(book, record, root, issue, "recur", text, since, day)
        row.said_at, row.words = book.clock, row.words + 1
        book.issues.touch(issue)
        return Out("linear", told)

    def _measure(self, book: TenantBook, record: Envelope, issue: str, row: IssueRow) -> list[Out]:
        """Compare the week after an issue was done with the one before, if both are whole and of the same themes."""
        root, hour = book.root(row.theme), (row.done_at or 0) // HOUR_S
        if book.hour < hour + WEEK_H:
            return []
        origins = set(book.origins(root))
        whole = book.hour - HORIZON_H <= hour and len(origins) == row.before[1]
        if whole:
            row.drop = [row.before[0], len(book.tallies.speakers(origins, hour + 1, hour + WEEK_H))]
        else:
            row.before = []
        book.issues.touch(issue)
        return [self.status(book, record, issue)] if whole else []

    def _record(
        self,
        book: TenantBook,
        record: Envelope,
        root: str,
        issue: str,
        change: Any,
        text: str,
        since: int | None = None,
        sums: Sums | None = None,
    ) -> LinearIssue:
        """What is to be done to an issue; its priority is what people set, else what the theme's score makes."""
        row, rule = book.issues.by_id[issue], actions.of_issue(book, root, self.matrix)
        facts = records.facts_of(book, root, row.rule, text, self.opened, rule)
        kinds = [book.theme_rules[name].kind for name in sorted(book.themes[root].open)]
        ours = [linear_issue.priority(facts, kind, book.policy.issues) for kind in (*kinds, "impact")]
        told: dict[str, Any] = {
            "issue_id": issue,
            "theme_id": root,
            "episode": row.episode,
            "rule": row.rule,
            "description": linear_issue.comment(facts),
            "priority": row.priority or min(ours),
            "change": change,
            "since": None if since is None else moment(since),
            "concerns_since": None if sums is None else sums.total[N],
            "accounts_since": None if sums is None else len(sums.by_who),
            "priority_by_people": row.priority is not None,
        }
        return LinearIssue(**self.header(book, record), **told, **records.fields_of_issue(book, facts, rule))


def _counts(sums: Sums) -> str:
    return f"{counted(sums.total[N], 'concern')} from {counted(len(sums.by_who), 'account')}"


def _when(seconds: int) -> str:
    return moment(seconds).strftime("%Y-%m-%d %H:%M UTC")
