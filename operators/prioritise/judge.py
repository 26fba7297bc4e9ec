"""Which rules start now: asked after every record that changed a theme or category, and on ticks.

An episode of a theme begins with the first rule that starts while none is open, and ends when the last open
one no longer holds; it opens one issue. A rule that starts inside an episode only raises an alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.priority.impact import impacts
from models.priority.policy import CriticalRule, GrowthRule, NegativeShareRule, ThemeRule
from models.priority.rules import View, growth_lasts, growth_starts, lasts, starts
from models.priority.windows import HORIZON_H, HOUR_S, NEGATIVE, Family
from operators.prioritise.book import TenantBook
from operators.prioritise.rows import ThemeRow
from operators.prioritise.weighing import factor_milli


@dataclass(frozen=True, slots=True)
class Started:
    """A rule that began to hold for a theme; ``opens``: it is the first of its episode.

    ``again``: the episode is not a new one, because the issue that stands for the theme is meant once more.
    """

    rule: ThemeRule
    episode: int
    opens: bool
    again: bool = False


@dataclass(frozen=True, slots=True)
class Grown:
    """A category whose accounts rose from ``before`` to ``now``, week over week."""

    rule: GrowthRule
    category: str
    episode: int
    before: int
    now: int


def judge_theme(book: TenantBook, root: str) -> list[Started]:
    """Close the rules of a theme that ended, and open those that start; a muted one starts none."""
    row = book.themes[root]
    if row.redirect is not None:
        return []
    family = book.tallies.judged(root)
    day, week = impacts(family, book.policy.weights, factor_milli(book, root))
    view = View(family, day, week, book.tallies.negatives, book.standings.of)
    if row.open:
        _close(book, root, row, view)
    if row.muted:
        return []
    started: list[Started] = []
    for name, rule in book.theme_rules.items():
        if name not in row.open and starts(rule, view):
            started.append(_open(book, row, rule))
            book.touch_theme(root)
    family.judged = family.changes
    return started


def _close(book: TenantBook, root: str, row: ThemeRow, view: View) -> None:
    """Forget what no longer holds, and rules that the policy no longer has."""
    rules = book.theme_rules
    ended = [name for name in sorted(row.open) if name not in rules or not lasts(rules[name], view)]
    for name in ended:
        del row.open[name]
        book.touch_theme(root)


def _open(book: TenantBook, row: ThemeRow, rule: ThemeRule) -> Started:
    opens = not row.open
    again = opens and book.issues.goes_on(row.issue, book.clock, book.policy.follow)
    if again:
        row.issued = row.episode
    elif opens:
        row.episode += 1
    row.open[rule.name] = row.episode
    return Started(rule, row.episode, opens, again)


def suspects(book: TenantBook) -> set[str]:
    """Themes of which a rule may start or end without any news, to be judged every hour.

    That is the share of the tenant's negatives, because others leave the window; and an open rule that the
    policy no longer has, or that changed sums have not met yet. All else depends on the theme's own sums alone.
    """
    rules = [rule for rule in book.policy.rules if isinstance(rule, NegativeShareRule)]
    if not rules:
        return set()
    share = min(rule.exit for rule in rules) * book.tallies.negatives
    least = max(share, min(rule.min_negatives for rule in rules))
    own = {name for name, rule in book.theme_rules.items() if not isinstance(rule, NegativeShareRule)}
    return {
        root
        for root, family in book.tallies.families.items()
        if family.week.total[NEGATIVE] >= least or _may_end(book.themes[root], book.tallies.judged(root), own)
    }


def _may_end(row: ThemeRow, family: Family, own: set[str]) -> bool:
    """Whether an open rule has not met the sums as they are, or depends on more than these (not in ``own``)."""
    return bool(row.open) and (family.judged != family.changes or not row.open.keys() <= own)


def judge_categories(book: TenantBook, categories: Iterable[str]) -> list[Grown]:
    """Close the category alerts that ended, and open those that start; silent until two weeks are known."""
    first = book.row.first
    if first is None or first // HOUR_S > book.hour - HORIZON_H + 1:
        return []
    rules = [rule for rule in book.policy.rules if isinstance(rule, GrowthRule)]
    grown = (_judge_category(book, rule, category) for rule in rules for category in categories)
    return [one for one in grown if one is not None]


def _judge_category(book: TenantBook, rule: GrowthRule, category: str) -> Grown | None:
    weeks = book.tallies.categories.get(category)
    before, now = (len(weeks.before), len(weeks.now)) if weeks is not None else (0, 0)
    name = f"{rule.name}|{category}"
    if name in book.row.growth:
        if not growth_lasts(rule, before, now):
            del book.row.growth[name]
            book.touch()
        return None
    if category in rule.leave_out or not growth_starts(rule, before, now):
        return None
    episode = book.row.growth_episodes.get(name, 0) + 1
    book.row.growth_episodes[name] = book.row.growth[name] = episode
    book.touch()
    return Grown(rule, category, episode, before, now)


def known_categories(book: TenantBook) -> list[str]:
    """All categories with something in the windows or an open alert, sorted."""
    open_ones = {name.split("|", 1)[1] for name in book.row.growth}
    return sorted(open_ones | set(book.tallies.categories))


def may_alert(book: TenantBook, about: str) -> bool:
    """Whether a critical alert about this theme or topic is due; if so the quiet time starts anew.

    ``about`` is a theme, perhaps behind a name and a colon, or a topic; of a muted theme none is due.
    """
    if book.is_muted(about.rpartition(":")[2]):
        return False
    quiet_h = [rule.quiet_h for rule in book.policy.rules if isinstance(rule, CriticalRule)]
    if not quiet_h:
        return False
    now, quiet_s = book.clock, max(quiet_h) * HOUR_S
    for old in [name for name, at in sorted(book.row.quiet.items()) if now - at >= quiet_s]:
        del book.row.quiet[old]
    due = about not in book.row.quiet
    if due:
        book.row.quiet[about] = now
    book.touch()
    return due
