"""The book of one tenant: its rows, and the windows that follow from them.

Rows are the truth and are logged; tallies are derived and rebuilt on restore. Nothing in here emits;
methods return the themes (roots, after redirects) whose sums changed, and mark them to be emitted.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.feedback import CustomerUpdated
from contracts.stages import Assignment, AssignmentFacts
from models.priority.policy import CriticalRule, GrowthRule, PriorityPolicy
from models.priority.telemetry import complains, measured, tally
from models.priority.windows import HORIZON_H, HOUR_S, cell_of, count
from operators.prioritise.issues import Issues
from operators.prioritise.redirects import Redirects
from operators.prioritise.rows import Counted, Rows, TenantRow, ThemeRow, key, rows_of
from operators.prioritise.standings import Change, Standings, who_spoke
from operators.prioritise.tallies import Tallies
from operators.prioritise.voices import Voices, evidence_of


class TenantBook:
    """What one tenant's concerns add up to, by theme and by category, at the tenant's clock."""

    def __init__(self, tenant: str, rows: Rows, policy: PriorityPolicy) -> None:
        self.tenant = tenant
        self._start = key(tenant, "")
        self.policy = policy
        self._voices = Voices(rows.concerns, self._start, policy.quotes)
        self._rows = rows
        self.theme_rules = {rule.name: rule for rule in policy.rules if not isinstance(rule, GrowthRule)}
        sure = [rule.min_confidence for rule in policy.rules if isinstance(rule, CriticalRule)]
        self._sure_milli = round(1000 * min(sure)) if sure else 1001
        if rows.tenants.get(tenant) is None:
            rows.tenants.put(tenant, TenantRow())
        self.row = rows.tenants[tenant]
        self.rebuild()

    def rebuild(self) -> None:
        """Derive windows and indexes from the rows."""
        self.themes: dict[str, ThemeRow] = dict(rows_of(self._rows.themes, self.tenant))
        self._redirects = Redirects(self.themes)
        self.dirty = {name for name, theme in self.themes.items() if theme.dirty}
        self.unlabelled = {name for name, theme in self.themes.items() if not theme.label}
        self.standings = Standings(self.tenant, self._rows.customers, self.policy.weights)
        self.issues = Issues(self.tenant, self._rows.issues, self.policy.weights.verdicts, self.clock)
        self.tallies = Tallies(self.hour, self.policy.weights.account_cap, self.standings.of)
        self.tallies.since = {name: theme.since for name, theme in self.themes.items() if theme.since}
        for concern, row in rows_of(self._rows.concerns, self.tenant):
            self.tallies.enter(concern, row)
            if row.theme is not None:
                self.tallies.place(row, self.root(row.theme), 1)

    @property
    def clock(self) -> int:
        """The tenant's clock in seconds."""
        return self.row.clock or 0

    @property
    def hour(self) -> int:
        """The running hour of the tenant's clock."""
        return self.clock // HOUR_S

    def touch(self) -> None:
        """Say that the tenant's row was changed in place."""
        self._rows.tenants.touch(self.tenant)

    # Themes

    def theme(self, name: str) -> ThemeRow:
        """The row of a theme, made when it is not there yet."""
        row = self.themes.get(name)
        if row is None:
            row = self.themes[name] = ThemeRow()
            self._rows.themes.put(self._start + name, row)
            self.unlabelled.add(name)
        return row

    def touch_theme(self, name: str) -> None:
        """Say that a theme's row was changed in place."""
        self._rows.themes.touch(self._start + name)

    def root(self, theme: str) -> str:
        """The theme that ``theme`` counts for now, through its redirects."""
        return self._redirects.root(theme)

    def origins(self, root: str) -> list[str]:
        """A theme and all that were merged into it, itself first, then by id."""
        return self._redirects.origins(root)

    def label(self, theme: str, label: str) -> bool:
        """Take up a theme's label; say whether it changed."""
        row = self.theme(theme)
        if not label or row.label == label:
            return False
        row.label = label
        self.unlabelled.discard(theme)
        self.touch_theme(theme)
        return True

    def ordered(self, theme: str, *, muted: bool, pinned: bool, critical: bool) -> bool:
        """What people said of a theme as it is now; say whether that is news."""
        row = self.theme(theme)
        if (row.muted, row.pinned, row.critical) == (muted, pinned, critical):
            return False
        row.muted, row.pinned, row.critical = muted, pinned, critical
        self.touch_theme(theme)
        return True

    def is_muted(self, theme: str) -> bool:
        """Whether nothing is to be opened or raised because of the theme."""
        row = self.themes.get(self.root(theme))
        return row is not None and row.muted

    def look_from(self, root: str, since: int) -> None:
        """Let rules look only at what happened of a theme from a second on (0: at all of it)."""
        row = self.theme(root)
        row.since = since
        self.tallies.look_from(root, since, self.root)
        self.touch_theme(root)

    def mark(self, roots: Iterable[str]) -> None:
        """Say that these themes have something to emit."""
        for root in roots:
            if root not in self.dirty:
                self.dirty.add(root)
                self.theme(root).dirty = True
                self.touch_theme(root)

    def clean(self) -> list[str]:
        """The marked themes, sorted; they are marked no longer."""
        names = sorted(self.dirty)
        self.dirty.clear()
        for name in names:
            self.themes[name].dirty = False
            self.touch_theme(name)
        return names

    def redirect(self, theme: str, to: str | None) -> set[str]:
        """Let ``theme`` count for ``to`` (None: for itself again); sums stay with their origin."""
        row = self.theme(theme)
        if to == theme or row.redirect == to:
            return set()
        touched = self._break_ring(theme, to)
        before = self.root(theme)
        origins = set(self.origins(theme))
        self.tallies.shift(origins, before, -1)
        self._redirects.turn(theme, to)
        after = self.root(theme)
        self.tallies.shift(origins, after, 1)
        self._give_back(before, origins)
        self._inherit(theme, after)
        self.touch_theme(theme)
        touched |= {theme, before, after}
        self.mark(touched)
        return touched

    def _break_ring(self, theme: str, to: str | None) -> set[str]:
        """The later statement wins: who led back to ``theme`` stands for itself again."""
        while to is not None:
            following = self.theme(to).redirect
            if following == theme:
                return self.redirect(to, None)
            to = following
        return set()

    def _give_back(self, before: str, origins: set[str]) -> None:
        """What leaves a family takes an issue of its own along; the family stands by its own latest."""
        row, issue = self.theme(before), self.issues.by_id.get(self.theme(before).issue)
        if issue is not None and issue.theme in origins and before not in origins:
            row.issue = self.issues.latest(before)
            self.touch_theme(before)

    def _inherit(self, theme: str, root: str) -> None:
        """The survivor takes over the open rules and the issue of what was merged, so no second issue opens for it."""
        row, survivor = self.theme(theme), self.theme(root)
        if survivor is row:
            return
        lives = self.issues.lives
        if row.issue and (not survivor.issue or (lives(row.issue) and not lives(survivor.issue))):
            survivor.issue = row.issue
            self.look_from(root, row.since)
        if row.issued != row.episode:
            return
        for rule in sorted(row.open):
            survivor.open.setdefault(rule, survivor.episode)
            survivor.issued = survivor.episode
        self.touch_theme(root)

    # Concerns

    def counted(self, concern: str) -> Counted | None:
        """What was counted of a concern, if it is inside the horizon."""
        return self._rows.concerns.get(self._start + concern)

    def apply(self, record: Assignment) -> set[str]:
        """Count one change of one concern."""
        concern = record.concern_id
        row = known = self.counted(concern)
        if record.change == "relabelled":
            return set() if row is None or record.about is None else self._relabel(concern, row, record.about)
        if row is None and record.about is not None and record.change != "retracted":
            row = self._enter(record, record.about)
        if row is None:
            return set()
        touched = self._place(concern, row, record.theme if record.change in ("assigned", "moved") else None)
        if record.change == "retracted":
            self.tallies.leave(concern, row)
            self._forget(concern, row)
        else:
            if record.change == "unthemed":
                row.evidence = None
            if known is not None:
                self._rows.concerns.touch(self._start + concern)
        self.mark(touched)
        return touched

    def _enter(self, record: Assignment, about: AssignmentFacts) -> Counted | None:
        facts, decision = about.facts, about.decision
        at = min(int(about.happened_at.timestamp()), self.clock)
        if at // HOUR_S <= self.hour - HORIZON_H:
            return None
        row = Counted(
            at=at,
            who=who_spoke(facts, record.item_id),
            cell=cell_of(decision, self._sure_milli),
            category=decision.category,
            area=decision.product_area,
            evidence=evidence_of(record.item_id, about),
            rule=decision.action_rule,
            complaint=complains(decision),
            telemetry=measured(decision, facts.telemetry),
        )
        self._rows.concerns.put(self._start + record.concern_id, row)
        self.tallies.enter(record.concern_id, row)
        if self.row.first is None or at < self.row.first:
            self.row.first = at
            self.touch()
        self._reweigh(self.standings.seen(row.who, facts))
        return row

    def _relabel(self, concern: str, row: Counted, about: AssignmentFacts) -> set[str]:
        """Take away what was counted of a concern, and count what it is now; its place and its time stay."""
        root = None if row.theme is None else self.root(row.theme)
        if row.theme is not None and root is not None:
            self.tallies.place(row, root, -1)
            self._categorise(row, row.theme, -1)
        self.tallies.categorise(row, -1)
        row.cell = cell_of(about.decision, self._sure_milli)
        row.category, row.area = about.decision.category, about.decision.product_area
        row.rule, row.complaint = about.decision.action_rule, complains(about.decision)
        row.telemetry = measured(about.decision, about.facts.telemetry)
        self.tallies.categorise(row, 1)
        self._rows.concerns.touch(self._start + concern)
        if row.theme is None or root is None:
            return set()
        self.tallies.place(row, root, 1)
        self._categorise(row, row.theme, 1)
        self.mark({root})
        return {root}

    def _categorise(self, row: Counted, theme: str, sign: int) -> None:
        """Count what a concern is about in its theme, or take it out with ``sign`` -1."""
        named = self.theme(theme)
        count(named.categories, row.category, sign)
        if row.area:
            count(named.areas, row.area, sign)
        if row.rule:
            count(named.rules, row.rule, sign)
        if row.complaint:
            tally(named.telemetry, row.telemetry, sign)
        self.touch_theme(theme)

    def _forget(self, concern: str, row: Counted) -> None:
        self._rows.concerns.drop(self._start + concern)
        if not self.tallies.speaks(row.who):
            self.standings.forget(row.who)

    def _place(self, concern: str, row: Counted, target: str | None) -> set[str]:
        touched: set[str] = set()
        if row.theme == target:
            return touched
        if row.theme is not None:
            touched.add(self.root(row.theme))
            self.tallies.place(row, self.root(row.theme), -1)
            self._silence(concern, row, row.theme)
        row.theme = target
        if target is not None:
            theme = self.theme(target)
            touched.add(self.root(target))
            self.tallies.place(row, self.root(target), 1)
            theme.last_seen = max(theme.last_seen, row.at)
            theme.first_seen = min(theme.first_seen or row.at, row.at)
            self._categorise(row, target, 1)
            self._voices.add(theme, concern, row)
        return touched

    def _silence(self, concern: str, row: Counted, theme: str) -> None:
        self._categorise(row, theme, -1)
        if row.evidence is not None:
            was = self.themes[theme]
            was.voices = [voice for voice in was.voices if voice[0] != concern]

    def erase(self, subject: str) -> None:
        """Drop the sealed quotes of a data subject; nobody can open them any more."""
        for name, theme in sorted(self.themes.items()):
            if self._voices.erase(theme, subject):
                self.touch_theme(name)

    # Time and customers

    def advance(self, clock: int) -> set[str]:
        """Set the clock; take out of the windows what is now too old."""
        self.row.clock = clock
        self.touch()
        self.issues.verdicts.advance(clock)
        touched, left = self.tallies.advance(self.hour, self.root)
        for concern, row in left:
            if row.theme is not None:
                self._silence(concern, row, row.theme)
            self._forget(concern, row)
        self.mark(touched)
        return touched

    def turn_back(self, clock: int) -> None:
        """The first tick is behind the events before it: clamp those to it, and start over from the rows."""
        for concern, row in rows_of(self._rows.concerns, self.tenant):
            if row.at > clock:
                row.at = clock
                self._rows.concerns.touch(self._start + concern)
        for name, theme in sorted(self.themes.items()):
            theme.last_seen, theme.first_seen = min(theme.last_seen, clock), min(theme.first_seen, clock)
            self.touch_theme(name)
        if self.row.first is not None:
            self.row.first = min(self.row.first, clock)
        self.row.clock = clock
        self.touch()
        self.rebuild()

    def told(self, record: CustomerUpdated) -> set[str]:
        """Weigh an account anew, from now on, in every window it is in."""
        return self._reweigh(self.standings.told(record))

    def _reweigh(self, change: Change | None) -> set[str]:
        touched = self.tallies.restand(*change) if change is not None else set()
        self.mark(touched)
        return touched
