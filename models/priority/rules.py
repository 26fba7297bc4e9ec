"""When a rule starts to hold and when it no longer does: two bounds, so that an edge does not flicker.

Pure questions about sums; who remembers which rules are open is ``operators.prioritise``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from models.priority.growth import growth_p
from models.priority.policy import CriticalRule, GrowthRule, ImpactRule, NegativeShareRule, ThemeRule
from models.priority.windows import CRITICAL, NEGATIVE, SEVERE, SURE, URGENT, Family, N, Standing


class View(NamedTuple):
    """What the rules see of one theme: its windows, their impacts, the tenant's negatives of 7 days."""

    family: Family
    day_impact: float
    week_impact: float
    tenant_negatives: int
    standing: Callable[[str], Standing]


def starts(rule: ThemeRule, view: View) -> bool:
    """Whether ``rule``, not open, opens now."""
    if isinstance(rule, CriticalRule):
        return _critical_starts(rule, view)
    if isinstance(rule, ImpactRule):
        return _impact_starts(rule, view)
    return _share_starts(rule, view)


def lasts(rule: ThemeRule, view: View) -> bool:
    """Whether ``rule``, open, stays open: it is not yet below its exit bound."""
    if isinstance(rule, CriticalRule):
        return view.family.day.total[CRITICAL] > 0
    if isinstance(rule, ImpactRule):
        return max(view.day_impact, view.week_impact) >= rule.exit
    negatives = view.family.week.total[NEGATIVE]
    return negatives > 0 and negatives >= rule.exit * view.tenant_negatives


def _critical_starts(rule: CriticalRule, view: View) -> bool:
    day, week = view.family.day, view.family.week
    if not day.total[SURE] or week.total[SEVERE] < rule.severe_share * week.total[N]:
        return False
    enough = len(day.accounts_with(SEVERE)) >= rule.min_accounts
    if enough and len(day.accounts_with(CRITICAL)) >= rule.min_critical:
        return True
    return any(view.standing(who).tier in rule.alone_tiers for who in day.accounts_with(URGENT))


def _impact_starts(rule: ImpactRule, view: View) -> bool:
    windows = ((view.day_impact, view.family.day), (view.week_impact, view.family.week))
    return any(impact >= rule.enter and len(sums.by_who) >= rule.min_accounts for impact, sums in windows)


def _share_starts(rule: NegativeShareRule, view: View) -> bool:
    week = view.family.week
    negatives = week.total[NEGATIVE]
    if negatives < rule.min_negatives or negatives < rule.enter * view.tenant_negatives:
        return False
    return len(week.accounts_with(NEGATIVE)) >= rule.min_accounts


def growth_starts(rule: GrowthRule, before: int, now: int) -> bool:
    """Whether accounts rose enough from ``before`` to ``now``, and not by chance."""
    if now < rule.min_accounts or now < (1 + rule.enter) * before:
        return False
    return growth_p(before, now) < rule.p


def growth_lasts(rule: GrowthRule, before: int, now: int) -> bool:
    """Whether the rise is not yet below the exit bound."""
    return now > 0 and now >= (1 + rule.exit) * before
