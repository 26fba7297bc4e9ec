"""One partition's priority logic: count, judge, emit.

In:    assignments, theme records and events, ticks, commands, customer updates, in the partition's order.
Out:   ``priorities`` on ticks, ``linear`` and ``alerts`` at once.
State: rows in tables, and the running number of outputs; see ``rows``. Restored at any cut, it goes on alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from contracts.commands import Command, Erase, LoadBegin, LoadEnd, ReportIssue
from contracts.envelope import EVERYONE, Envelope, Out
from contracts.feedback import CustomerUpdated, Sealed, Signal, Tick
from contracts.stages import Assignment
from contracts.themes import ThemeEvent, ThemeRecord
from models.priority.matrix import Matrix, load_matrix
from models.priority.policy import CriticalRule, PriorityPolicy
from models.priority.windows import CRITICAL
from operators.calendar import moment
from operators.marking import markers
from operators.numbering import Numbering
from operators.prioritise import actions, records
from operators.prioritise.book import TenantBook
from operators.prioritise.budget import is_of_models, models_alert
from operators.prioritise.follow import Follow
from operators.prioritise.judge import (
    Grown,
    Started,
    judge_categories,
    judge_theme,
    known_categories,
    may_alert,
    suspects,
)
from operators.prioritise.rows import Rows
from operators.prioritise.sources import is_of_sources, source_alert
from operators.prioritise.weighing import reweighed
from operators.state import Table

MAX_LEAD_S = 3600
"""How far ahead of the tenant's clock an issue or alert may date itself: ticks come at most this far apart."""


PUBLIC = ("priorities", "linear", "alerts", "issues")
"""What subscribers read of this stage."""


class Opener(Protocol):
    """Opens sealed quotes; given by wiring."""

    def open(self, tenant: str, sealed: Sealed) -> str | None:
        """The text, or None when its subject was erased."""
        ...


class PrioritiseStep:
    """The ``Step`` of the priority stage for one journal partition."""

    def __init__(
        self, partition: int, policy: PriorityPolicy, opener: Opener, matrix: Matrix | None = None
    ) -> None:
        self.partition = partition
        self._policy = policy
        self._opener = opener
        self._matrix = matrix or load_matrix()
        self._rows = Rows()
        self._books: dict[str, TenantBook] = {}
        self._ids = Numbering("priority")
        self._follow = Follow(opener.open, self._matrix, self._envelope)
        self.tables: Mapping[str, Table[Any]] = self._rows.by_name()

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Scores, issues and alerts that these records lead to; kinds it does not know pass by."""
        return [out for record in records for out in self._on_record(record)]

    def snapshot(self) -> dict[str, Any]:
        """The running number; all else is in tables."""
        return self._ids.snapshot()

    def restore(self, small: Mapping[str, Any]) -> None:
        """Take up the running number, and derive the windows from the tables that were loaded."""
        self._ids.restore(small)
        tenants = self._rows.tenants.keys()
        self._books = {tenant: TenantBook(tenant, self._rows, self._policy) for tenant in tenants}

    def _book(self, tenant: str) -> TenantBook:
        book = self._books.get(tenant)
        if book is None:
            book = self._books[tenant] = TenantBook(tenant, self._rows, self._policy)
        return book

    def _on_record(self, record: Envelope) -> list[Out]:
        if isinstance(record, Assignment):
            return self._on_assignment(record)
        if isinstance(record, Tick):
            return self._on_ticks(record)
        if isinstance(record, ThemeRecord):
            return self._on_theme(record)
        if isinstance(record, Signal) and is_of_models(record):
            return [Out("alerts", models_alert(record, self._envelope(self._book(record.tenant), record)))]
        if isinstance(record, Signal) and is_of_sources(record):
            return [Out("alerts", source_alert(record, self._envelope(self._book(record.tenant), record)))]
        if isinstance(record, ThemeEvent):
            return self._on_theme_event(record)
        if isinstance(record, CustomerUpdated):
            book = self._book(record.tenant)
            return self._judge(book, record, book.told(record))
        if isinstance(record, Command):
            return markers(record, PUBLIC, self._ids) or self._on_command(record)
        return []

    def _on_assignment(self, record: Assignment) -> list[Out]:
        book = self._book(record.tenant)
        if not book.row.ticked:
            seen = int((record.about.happened_at if record.about else record.event_time).timestamp())
            if book.row.clock is None or seen > book.row.clock:
                book.advance(seen)
        before = book.counted(record.concern_id)
        was, category = (bool(before.cell[CRITICAL]), before.category) if before else (False, "")
        touched = book.apply(record)
        # A concern is critical from its first change on, or when its labels are decided anew.
        fresh = before is None or (record.change == "relabelled" and not was)
        outs = self._critical_at_once(book, record) if fresh else []
        outs = outs or self._precedent(book, record)
        outs += self._judge(book, record, touched)
        if record.change == "retracted":
            outs += self._withdrawn(book, record, of=record)
        if record.about is not None:
            named = {record.about.decision.category} | ({category} if category else set())
            outs += self._grown(book, record, judge_categories(book, sorted(named)))
        return outs

    def _critical_at_once(self, book: TenantBook, record: Assignment) -> list[Out]:
        row = book.counted(record.concern_id)
        if row is None or not row.cell[CRITICAL]:
            return []
        rule = next((rule.name for rule in self._policy.rules if isinstance(rule, CriticalRule)), None)
        about = book.root(row.theme) if row.theme is not None else f"{row.category}/{row.area}"
        if rule is None or not may_alert(book, about):
            return []
        alert = records.concern_alert(book, record, row, rule, self._envelope(book, record))
        return [Out("alerts", alert)]

    def _precedent(self, book: TenantBook, record: Assignment) -> list[Out]:
        """A concern is very close to a theme that was known to be critical, and nobody was told of it lately."""
        if record.escalation is None or record.theme is None:
            return []
        root = book.root(record.theme)
        if root in book.row.quiet or not may_alert(book, f"{records.PRECEDENT}:{root}"):
            return []
        alert = records.precedent_alert(book, record, record.escalation, self._envelope(book, record))
        return [Out("alerts", alert)]

    def _withdrawn(self, book: TenantBook, record: Envelope, **what: Any) -> list[Out]:
        """Issues may repeat what was said: it is to be taken out of them."""
        if not book.issues.by_id:
            return []
        return [Out("linear", records.withdrawal(**self._envelope(book, record), **what))]

    def _on_ticks(self, record: Tick) -> list[Out]:
        if record.tenant != EVERYONE:
            return self._on_tick(record)
        ticking = [name for name in sorted(self._books) if not self._books[name].row.loading]
        return [out for name in ticking for out in self._on_tick(record.model_copy(update={"tenant": name}))]

    def _on_tick(self, record: Tick) -> list[Out]:
        book = self._book(record.tenant)
        seconds = int(record.event_time.timestamp())
        if not book.row.ticked:
            book.row.ticked = True
            book.touch()
            if seconds < book.clock:
                book.turn_back(seconds)
        hour = book.hour
        touched = book.advance(seconds) if seconds > book.clock else set()
        outs = self._judge(book, record, touched | book.unlabelled, held=False)
        if book.hour > hour:
            outs += self._judge(book, record, suspects(book) - touched, held=False)
            outs += self._grown(book, record, judge_categories(book, known_categories(book)))
            outs += self._follow.on_hour(book, record)
        every = self._policy.history_emit_every_s if book.row.loading else self._policy.emit_every_s
        if book.row.emitted_at is None or book.clock // every > book.row.emitted_at // every:
            outs += self._emit(book, record)
        return outs

    def _on_theme(self, record: ThemeRecord) -> list[Out]:
        book = self._book(record.tenant)
        touched, outs = self._redirect(book, record, record.theme_id, record.redirect_to)
        if book.label(record.theme_id, record.label):
            root = book.root(record.theme_id)
            book.mark([root] if root in book.tallies.families else [])
            touched.add(root)
        orders = {name: bool(getattr(record, name)) for name in ("muted", "pinned", "critical")}
        if book.ordered(record.theme_id, **orders):
            root = book.root(record.theme_id)
            touched.add(root)
            if book.issues.verdicts:  # what people keep where it is may weigh more now
                book.mark([root])
        return outs + self._judge(book, record, touched)

    def _redirect(
        self, book: TenantBook, record: Envelope, theme: str, to: str | None
    ) -> tuple[set[str], list[Out]]:
        """Let a theme count for another one, or for itself again; the themes that changed, and what is to be tied."""
        before = book.root(theme)
        touched = book.redirect(theme, to)
        outs = (
            self._follow.merged(book, record, theme, book.root(theme)) if touched and before == theme else []
        )
        return touched, outs

    def _on_theme_event(self, record: ThemeEvent) -> list[Out]:
        book = self._book(record.tenant)
        if record.event == "merged" and record.other_theme is not None:
            touched, outs = self._redirect(book, record, record.theme_id, record.other_theme)
            return outs + self._judge(book, record, touched)
        if record.event == "unmerged":
            return self._judge(book, record, book.redirect(record.theme_id, None))
        return []

    def _on_command(self, record: Command) -> list[Out]:
        if record.tenant == EVERYONE:
            return []
        book, order = self._book(record.tenant), record.order
        if isinstance(order, LoadBegin) and order.origin not in book.row.loading:
            book.row.loading = sorted([*book.row.loading, order.origin])
            book.touch()
        elif isinstance(order, LoadEnd) and order.origin in book.row.loading:
            book.row.loading = [origin for origin in book.row.loading if origin != order.origin]
            book.touch()
            return self._emit(book, record)
        elif isinstance(order, Erase):
            book.erase(order.subject)
            return self._withdrawn(book, record, subject=order.subject)
        elif isinstance(order, ReportIssue):
            outs, touched = self._follow.reported(book, record, order)
            return outs + self._judge(book, record, touched)
        return []

    def _judge(
        self, book: TenantBook, record: Envelope, touched: Iterable[str], *, held: bool = True
    ) -> list[Out]:
        """Ask the rules about these themes; one without a label waits for it until the next tick."""
        outs: list[Out] = []
        for root in sorted(touched):
            if not (held and root in book.unlabelled):
                for started in judge_theme(book, root) or self._overdue(book, root):
                    outs += self._started(book, record, root, started)
        if weighed := reweighed(book):
            outs += self._judge(book, record, weighed, held=held)
        return outs

    def _overdue(self, book: TenantBook, root: str) -> list[Started]:
        """The rule of an open episode whose issue was withheld, once the theme is engineers' work after all."""
        row = book.themes[root]
        if row.muted or not row.open or row.issued == row.episode:
            return []
        if actions.withheld(book, root, self._matrix) is not None:
            return []
        names = [name for name in sorted(row.open) if name in book.theme_rules]
        return [Started(book.theme_rules[name], row.episode, True) for name in names[:1]]

    def _started(self, book: TenantBook, record: Envelope, root: str, started: Started) -> list[Out]:
        row, critical = book.themes[root], isinstance(started.rule, CriticalRule)
        other = None if critical else actions.withheld(book, root, self._matrix)
        opens = other is None and row.issued != started.episode
        if other is not None and row.issued != started.episode:
            alert = records.withheld_alert(book, root, started, other, self._envelope(book, record))
            return [Out("alerts", alert)]
        if started.again:
            return self._follow.again(book, record, root, started)
        outs: list[Out] = []
        if opens:
            row.issued = started.episode
            rule = actions.of_issue(book, root, self._matrix)
            opened, envelope = self._opener.open, self._envelope(book, record)
            issue = records.issue_record(book, root, started, opened, rule, envelope)
            outs += [Out("linear", issue), self._follow.open(book, record, root, issue)]
        if not opens or (critical and may_alert(book, root)):
            alert = records.theme_alert(book, root, started, opens, self._envelope(book, record))
            outs.append(Out("alerts", alert))
        return outs

    def _grown(self, book: TenantBook, record: Envelope, grown: list[Grown]) -> list[Out]:
        return [Out("alerts", records.growth_alert(book, one, self._envelope(book, record))) for one in grown]

    def _emit(self, book: TenantBook, record: Envelope) -> list[Out]:
        """The scores of all themes that changed since the last emission; what is still nothing is not said."""
        book.row.emitted_at = book.clock
        book.touch()
        outs: list[Out] = []
        for root in book.clean():
            theme = book.themes[root]
            counts = root in book.tallies.families and theme.redirect is None
            if counts or theme.emitted:
                envelope = self._envelope(book, record, at_clock=True)
                rule = actions.suggested(book, root, self._matrix) if counts else None
                outs.append(Out("priorities", records.priority_record(book, root, rule, envelope)))
                theme.emitted = counts
        return outs

    def _envelope(self, book: TenantBook, record: Envelope, *, at_clock: bool = False) -> dict[str, Any]:
        clock, latest = moment(book.clock), moment(book.clock + MAX_LEAD_S)
        at = clock if at_clock else min(max(clock, record.event_time), latest)
        return {
            "id": self._ids.after(record),
            "tenant": book.tenant,
            "event_time": at,
            "ingested_at": record.ingested_at,
            "trace": record.trace,
        }
