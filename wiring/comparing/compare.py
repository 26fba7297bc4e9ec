"""Put two standings of a tenant beside each other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wiring.comparing.matching import MIN_CONFIDENCE, Match, agreement, match_themes
from wiring.comparing.model import Concerns, Issues, Kept, TenantComparison, ThemeSize
from wiring.comparing.standing import Issue, Standing

# Two points always lie on a line, so a correlation of two says nothing.
_LEAST_CORRELATED = 3


def compare_tenant(
    tenant: str,
    before: Standing,
    after: Standing,
    *,
    issues_since: int = 0,
    min_confidence: float = MIN_CONFIDENCE,
) -> TenantComparison:
    """What would change for a tenant; issues before the ordinal ``issues_since`` are left out."""
    sides = _Side.of(before), _Side.of(after)
    members = sides[0].members, sides[1].members
    matches = match_themes(*members, min_confidence)
    kept = tuple(_kept(match, *sides) for match in matches)
    opens, opens_not = _issues(before, after, matches, issues_since)
    return TenantComparison(
        tenant=tenant,
        concerns=_concerns(before, after, members, matches),
        ari=agreement(*members),
        kept=kept,
        new=_others(sides[1], {match.after for match in matches}),
        vanished=_others(sides[0], {match.before for match in matches}),
        rank_correlation=_correlation(kept),
        unknown_scores=len(before.later - before.priorities.keys() | after.later - after.priorities.keys()),
        would_open=opens,
        would_not_open=opens_not,
        issues_since=issues_since,
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """A standing with what is counted from it once."""

    standing: Standing
    members: Mapping[str, str]
    sizes: Mapping[str, int]
    impacts: Mapping[str, float]
    ranks: Mapping[str, int]

    @classmethod
    def of(cls, standing: Standing) -> _Side:
        members, impacts = standing.members(), standing.impacts()
        order = sorted(impacts, key=lambda theme: (-impacts[theme], theme))
        ranks = {theme: rank for rank, theme in enumerate(order, start=1)}
        return cls(standing, members, Counter(members.values()), impacts, ranks)


def _kept(match: Match, before: _Side, after: _Side) -> Kept:
    return Kept(
        match,
        before.standing.label(match.before),
        after.standing.label(match.after),
        before.sizes.get(match.before, 0),
        after.sizes.get(match.after, 0),
        before.impacts.get(match.before),
        after.impacts.get(match.after),
        before.ranks.get(match.before),
        after.ranks.get(match.after),
    )


def _others(side: _Side, matched: set[str]) -> tuple[ThemeSize, ...]:
    """The themes that have no match, largest first."""
    sizes = (
        ThemeSize(theme, side.standing.label(theme), size)
        for theme, size in side.sizes.items()
        if theme not in matched
    )
    return tuple(sorted(sizes, key=lambda one: (-one.concerns, one.theme_id)))


def _concerns(
    before: Standing, after: Standing, members: tuple[Mapping[str, str], ...], matches: Iterable[Match]
) -> Concerns:
    pairs = {(match.before, match.after) for match in matches}
    kinds: Counter[str] = Counter()
    for name in before.concerns.keys() & after.concerns.keys():
        old, new = members[0].get(name), members[1].get(name)
        if old is None or new is None:
            kinds["in_none" if old == new else "got_theme" if old is None else "lost_theme"] += 1
        else:
            kinds["same" if (old, new) in pairs else "moved"] += 1
    return Concerns(
        in_both=kinds.total(),
        only_before=len(before.concerns.keys() - after.concerns.keys()),
        only_after=len(after.concerns.keys() - before.concerns.keys()),
        **{kind: kinds[kind] for kind in ("same", "moved", "lost_theme", "got_theme", "in_none")},
    )


def _correlation(kept: Sequence[Kept]) -> float | None:
    pairs = [(one.impact_before, one.impact_after) for one in kept if one.shift is not None]
    if len(pairs) < _LEAST_CORRELATED or any(len(set(side)) == 1 for side in zip(*pairs, strict=True)):
        return None  # without two different scores there is no order to agree on
    # A second to load, which other commands need not wait for.
    from scipy.stats import spearmanr

    found = float(spearmanr([old for old, _ in pairs], [new for _, new in pairs]).statistic)
    return None if math.isnan(found) else found


def _issues(
    before: Standing, after: Standing, matches: Iterable[Match], since: int
) -> tuple[tuple[Issues, ...], tuple[Issues, ...]]:
    """Issues that only one of the runs opens: of a theme and rule as many as it opens more of."""
    goes_on_as = {match.before: match.after for match in matches}
    old: dict[tuple[str, str], list[Issue]] = {}
    new: dict[tuple[str, str], list[Issue]] = {}
    for issue in before.issues:
        theme = before.resolved(issue.theme_id)
        # A theme that vanished has no issues in the other run, whatever bears the same id there.
        place = goes_on_as.get(theme, f"vanished {theme}")
        old.setdefault((place, issue.rule), []).append(issue)
    for issue in after.issues:
        new.setdefault((after.resolved(issue.theme_id), issue.rule), []).append(issue)
    return _more(after, new, old, since), _more(before, old, new, since)


def _more(
    whose: Standing,
    ours: Mapping[tuple[str, str], list[Issue]],
    theirs: Mapping[tuple[str, str], list[Issue]],
    since: int,
) -> tuple[Issues, ...]:
    found = []
    for place, issues in ours.items():
        counted = [issue for issue in issues if issue.ordinal >= since]
        more = len(counted) - sum(issue.ordinal >= since for issue in theirs.get(place, ()))
        if more > 0:
            theme = whose.resolved(counted[-1].theme_id)
            urgent = min(issue.priority for issue in counted)
            found.append(Issues(theme, whose.label(theme), place[1], urgent, more))
    return tuple(sorted(found, key=lambda one: (one.priority, -one.count, one.theme_id, one.rule)))
