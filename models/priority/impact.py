"""Impact: volume in accounts × sentiment × tier × urgency × recency, saturating at 100.

``docs/priority.md`` writes the formula out; every constant is in ``Weights`` and none depends on the run.
Floats are computed from integers in one fixed order, so the same sums always give the same bytes.
"""

from __future__ import annotations

from datetime import datetime

from contracts.priority import Factors, Priority, Window, WindowScore
from models.priority.policy import Weights
from models.priority.wilson import wilson_interval
from models.priority.windows import BITTERNESS, NEGATIVE, URGENCY, Family, N, Sums

FACTORS = tuple(Factors.model_fields)
"""Volume, sentiment, tier, urgency and recency, in the order in which they are multiplied."""

Raw = tuple[float, float, float, float, float]
"""The factors' values."""

NOTHING: Raw = (0.0, 1.0, 1.0, 1.0, 1.0)
"""The factors of a window that is empty, or holds praise alone."""


def _raw(sums: Sums, fresh: int, weights: Weights) -> Raw:
    concerns = sums.total[N]
    if not sums.volume:
        return NOTHING
    return (
        sums.volume / 4,
        1 + (1000 * sums.total[NEGATIVE] + sums.total[BITTERNESS]) / (2000 * concerns),
        sums.weighted / (1000 * sums.volume),
        1 + weights.urgency * (sums.total[URGENCY] / (1000 * concerns)),
        1 + weights.recency * (fresh / concerns),
    )


def _saturated(raw: Raw, saturation: float) -> float:
    product = raw[0] * raw[1] * raw[2] * raw[3] * raw[4]
    return round(100 * product / (product + saturation), 4)


def impact_of(sums: Sums, fresh: int, saturation: float, weights: Weights) -> float:
    """The impact, 0 to 100, of one window; ``fresh`` of its concerns came in the last 24 hours."""
    return _saturated(_raw(sums, fresh, weights), saturation) if sums.total[N] else 0.0


def impacts(family: Family, weights: Weights) -> tuple[float, float]:
    """The impacts of the 24-hour and of the 7-day window."""
    fresh = family.day.total[N]
    return (
        impact_of(family.day, fresh, weights.saturation_day, weights),
        impact_of(family.week, fresh, weights.saturation_week, weights),
    )


def window_scores(family: Family, weights: Weights) -> tuple[WindowScore, WindowScore]:
    """Both windows with their factors and the Wilson interval of the negative share."""
    fresh = family.day.total[N]
    return (
        _score("24h", family.day, fresh, weights.saturation_day, weights),
        _score("7d", family.week, fresh, weights.saturation_week, weights),
    )


def _score(window: Window, sums: Sums, fresh: int, saturation: float, weights: Weights) -> WindowScore:
    concerns, impact, raw = sums.total[N], 0.0, NOTHING
    if concerns:
        raw = _raw(sums, fresh, weights)
        impact = _saturated(raw, saturation)
    # One validation of a nested dictionary costs half of building each part by itself.
    return WindowScore.model_validate(
        {
            "window": window,
            "concerns": concerns,
            "accounts": len(sums.by_who),
            "impact": impact,
            "factors": {name: round(factor, 4) for name, factor in zip(FACTORS, raw, strict=True)},
            "negative": wilson_interval(sums.total[NEGATIVE], concerns),
        }
    )


def effective_impact(priority: Priority, at: datetime) -> float:
    """A record's impact at a later moment: halved for every half-life since the theme's last news."""
    quiet_s = max(0.0, (at - priority.last_seen).total_seconds())
    return float(priority.impact * 2 ** (-quiet_s / priority.half_life_s))


def why_sentence(scores: tuple[WindowScore, WindowScore], severe: int) -> str:
    """One sentence that says what the impact is made of.

    ``severe``: critical and high concerns of the 7 days.
    """
    day, week = scores
    if not week.concerns:
        return "No concern in the last 7 days."
    top = day if day.impact > week.impact else week
    f, negative = top.factors, week.negative
    return (
        f"{_plural(week.accounts, 'account')} in 7 days ({day.accounts} in the last 24 hours) raised "
        f"{_plural(week.concerns, 'concern')}, {_percent(negative.count / negative.of)} negative (95 % interval "
        f"{_percent(negative.low)} to {_percent(negative.high)}), {severe} severe; the {top.window} window gives "
        f"volume {f.volume:.2f} × sentiment {f.sentiment:.2f} × tier {f.tier:.2f} × urgency {f.urgency:.2f} "
        f"× recency {f.recency:.2f} = impact {top.impact:.0f}."
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
