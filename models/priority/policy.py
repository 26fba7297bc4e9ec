"""The priority stage's settings: weights of the formula, rules, emission; read from YAML, checked.

What a file leaves out keeps its default, so a missing section or file means default weights. A wrong
file is refused with its name, line and field. ``rules.yaml`` beside this module is the default, written out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from contracts.feedback import Tier
from models.priority.setting import Setting, read_setting
from models.priority.verdicts import VerdictWeights

DEFAULT_RULES = Path(__file__).with_name("rules.yaml")
"""The policy that holds when nobody says otherwise."""

DEFAULT_TIERS: dict[Tier, float] = {
    "unknown": 1.0,
    "free": 1.0,
    "pro": 1.15,
    "business": 1.4,
    "enterprise": 1.8,
}

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Weights(Setting):
    """Constants of the impact formula; none depends on the run.

    ``account_cap``: concerns of one account that count at all (the first 1, each further one 1/4).
    ``tiers`` and ``mrr`` (pairs of "from this monthly revenue on" and weight): the larger one weighs.
    ``urgency`` and ``recency``: how much the factors can add to 1. ``saturation_*``: the raw product at
    which a window's impact is 50. ``half_life_h``: hours without news that halve an impact. ``verdicts``: how what
    became of earlier issues weighs.
    """

    account_cap: int = Field(default=3, ge=1)
    tiers: dict[Tier, Annotated[float, Field(ge=0.001, le=10)]] = Field(default=DEFAULT_TIERS)
    mrr: tuple[tuple[float, float], ...] = ((1_000, 1.4), (10_000, 1.8))
    urgency: float = Field(default=0.5, ge=0, le=1)
    recency: float = Field(default=0.25, ge=0, le=1)
    saturation_day: float = Field(default=13, gt=0)
    saturation_week: float = Field(default=20, gt=0)
    half_life_h: int = Field(default=48, gt=0)
    verdicts: VerdictWeights = VerdictWeights()

    @field_validator("tiers")
    @classmethod
    def _left_out_keeps_default(cls, tiers: dict[Tier, float]) -> dict[Tier, float]:
        return {**DEFAULT_TIERS, **tiers}

    def of_customer(self, tier: Tier, mrr: float | None) -> int:
        """The weight of a customer in thousandths: the larger of the tier's and the revenue's."""
        weight = self.tiers.get(tier, 1.0)
        for start, heavier in self.mrr:
            if mrr is not None and mrr >= start:
                weight = max(weight, heavier)
        return round(weight * 1000)


class _TwoBounds(Setting):
    """A rule that starts at ``enter`` and ends below ``exit``, so that a value on the edge does not flicker."""

    enter: float
    exit: float

    @model_validator(mode="after")
    def _exit_is_lower(self) -> Self:
        if self.exit >= self.enter:
            raise ValueError(f"exit ({self.exit}) must be below enter ({self.enter}), or it would flicker")
        return self


class CriticalRule(Setting):
    """Critical severity at once: an alert always, an issue once the theme itself is critical.

    The issue needs, within 24 hours, a non-positive critical concern of at least ``min_confidence``, and
    either ``min_accounts`` accounts with critical or high concerns, ``min_critical`` of them critical, or
    one that is critical and urgent from ``alone_tiers``; and ``severe_share`` of the theme's week must be
    critical or high. ``quiet_h``: hours in which the same theme (or, before it has one, category and
    area) raises no second alert.
    """

    kind: Literal["critical"] = "critical"
    name: Name = "critical"
    min_confidence: Share = 0.85
    min_accounts: int = Field(default=3, ge=1)
    min_critical: int = Field(default=2, ge=1)
    alone_tiers: tuple[Tier, ...] = ("business", "enterprise")
    severe_share: Share = 0.5
    quiet_h: int = Field(default=24, ge=0)


class ImpactRule(_TwoBounds):
    """A window's impact reaches ``enter`` with ``min_accounts``; over once the impact is below ``exit``."""

    kind: Literal["impact"] = "impact"
    name: Name = "impact"
    enter: float = Field(default=60, ge=0, le=100)
    exit: float = Field(default=45, ge=0, le=100)
    min_accounts: int = Field(default=5, ge=1)


class NegativeShareRule(_TwoBounds):
    """One theme holds ``enter`` of the tenant's negative concerns of 7 days, and is not small."""

    kind: Literal["negative_share"] = "negative_share"
    name: Name = "half-of-negatives"
    enter: Share = 0.5
    exit: Share = 0.4
    min_negatives: int = Field(default=20, ge=1)
    min_accounts: int = Field(default=5, ge=1)


class GrowthRule(_TwoBounds):
    """A category's accounts rose by ``enter`` week over week, shown at ``p``; over below ``exit``.

    ``p`` is stricter than 0.05 by default because the rule looks at every record. ``leave_out``: categories of which
    nothing is asked of anybody, so that more of them is no incident.
    """

    kind: Literal["category_growth"] = "category_growth"
    name: Name = "category-growth"
    enter: float = Field(default=0.3, gt=0)
    exit: float = 0.1
    min_accounts: int = Field(default=5, ge=1)
    p: float = Field(default=0.01, gt=0, lt=1)
    leave_out: tuple[str, ...] = ("praise",)


ThemeRule = CriticalRule | ImpactRule | NegativeShareRule
Rule = Annotated[ThemeRule | GrowthRule, Field(discriminator="kind")]


class IssuePriorities(Setting):
    """Which impact makes which of Linear's priorities; below ``medium`` it is 4, low."""

    urgent: float = 85
    high: float = 70
    medium: float = 40


class FollowUp(Setting):
    """What is done with an issue after it was opened.

    ``settle_h``: hours after it was done in which customers who still come do not count as a recurrence.
    ``reopen_within_d``: days after it ended in which the same issue is meant; later it is a new one.
    ``recur_after_h`` and ``recur_at_most_h``: hours until the first comment that customers still come; each wait is
    twice the one before, up to the second. ``recur_min_accounts``: so many in 24 hours are worth a comment.
    """

    settle_h: int = Field(default=24, ge=0, le=168)
    reopen_within_d: int = Field(default=30, ge=0)
    recur_after_h: int = Field(default=24, ge=1)
    recur_at_most_h: int = Field(default=168, ge=1)
    recur_min_accounts: int = Field(default=5, ge=1)

    def wait_s(self, words: int) -> int:
        """Seconds to wait before the next comment, after ``words`` of them."""
        return 3600 * min(self.recur_after_h << min(words, 16), max(self.recur_at_most_h, self.recur_after_h))


class PriorityPolicy(Setting):
    """Everything that can be set about priority; frozen, apart from what is running.

    ``emit_every_s`` and ``history_emit_every_s``: seconds of the tenant's clock between emissions, live
    and while history is loaded. ``quotes``: sealed quotes kept for each theme.
    """

    weights: Weights = Weights()
    rules: tuple[Rule, ...] = (CriticalRule(), ImpactRule(), GrowthRule(), NegativeShareRule())
    issues: IssuePriorities = IssuePriorities()
    follow: FollowUp = FollowUp()
    emit_every_s: int = Field(default=600, gt=0)
    history_emit_every_s: int = Field(default=3600, gt=0)
    quotes: int = Field(default=6, ge=0, le=50)

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        names = [rule.name for rule in rules]
        if len(set(names)) != len(names):
            raise ValueError(f"two rules have the same name: {', '.join(names)}")
        return rules


def load_policy(path: Path | None = None) -> PriorityPolicy:
    """Read a policy; None means the default file. Raises ``WrongUsage`` naming file, line and field."""
    return read_setting(path or DEFAULT_RULES, PriorityPolicy)
