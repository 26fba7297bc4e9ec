"""What a comparison says: plain frozen data, ready for a table or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wiring.comparing.matching import Match


@dataclass(frozen=True, slots=True)
class ThemeSize:
    """A theme with its label and the number of its concerns."""

    theme_id: str
    label: str
    concerns: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A theme that is in both runs, with what it is in each; ranks by impact from 1, None without a known score."""

    match: Match
    label_before: str
    label_after: str
    concerns_before: int
    concerns_after: int
    impact_before: float | None
    impact_after: float | None
    rank_before: int | None
    rank_after: int | None

    @property
    def shift(self) -> float | None:
        """How much the impact grew; None without both scores."""
        if self.impact_before is None or self.impact_after is None:
            return None
        return round(self.impact_after - self.impact_before, 2)


@dataclass(frozen=True, slots=True)
class Issues:
    """Issues of one theme and rule that only one run opens; ``priority`` is the most urgent of them."""

    theme_id: str
    label: str
    rule: str
    priority: int
    count: int


@dataclass(frozen=True, slots=True)
class Concerns:
    """Counts of concerns: those with an outcome ``in_both`` runs are split into the five after ``only_after``.

    ``moved``: themed in both, and not in matching themes.
    """

    in_both: int
    only_before: int
    only_after: int
    same: int
    moved: int
    lost_theme: int
    got_theme: int
    in_none: int

    @property
    def moved_share(self) -> float | None:
        """Of those themed in both, the share that moved."""
        themed = self.same + self.moved
        return self.moved / themed if themed else None


@dataclass(frozen=True, slots=True)
class TenantComparison:
    """What would change for one tenant.

    ``ari``: agreement over the concerns themed in both. ``rank_correlation``: Spearman's, over the themes kept that
    have both scores (None below three). ``unknown_scores`` were compacted away; ``issues_since`` is the first ordinal
    from which both runs still have their issues.
    """

    tenant: str
    concerns: Concerns
    ari: float | None
    kept: tuple[Kept, ...]
    new: tuple[ThemeSize, ...]
    vanished: tuple[ThemeSize, ...]
    rank_correlation: float | None
    unknown_scores: int
    would_open: tuple[Issues, ...]
    would_not_open: tuple[Issues, ...]
    issues_since: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs as of one journal ordinal per partition; ``ends`` is where each run had got to itself.

    ``notices`` say in what the comparison is less than it could be.
    """

    before: str
    after: str
    up_to: Mapping[int, int]
    ends: tuple[Mapping[int, int], Mapping[int, int]]
    tenants: tuple[TenantComparison, ...]
    notices: tuple[str, ...] = ()

    def lineage(self) -> dict[str, Any]:
        """The themes that go on as another, with confidence: what a cutover hands to whoever knew the old ids."""
        return {
            "before": self.before,
            "after": self.after,
            "up_to": {str(partition): ordinal for partition, ordinal in self.up_to.items()},
            "tenants": {
                one.tenant: [
                    {
                        "before": kept.match.before,
                        "after": kept.match.after,
                        "shared": kept.match.shared,
                        "confidence": round(kept.match.confidence, 4),
                    }
                    for kept in one.kept
                ]
                for one in self.tenants
            },
        }
