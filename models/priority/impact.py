"""Impact: volume in accounts × sentiment × tier × urgency × recency × verdicts, saturating at 100.

``docs/priority.md`` writes the formula out; every constant is in ``Weights`` and none depends on the run.
Floats are computed from integers in one fixed order, so the same sums always give the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from contracts.priority import Factors, Priority, Window, WindowScore
from models.priority.policy import Weights
from models.priority.verdicts import NEUTRAL_MILLI
from models.priority.wilson import wilson_interval
from models.priority.windows import BITTERNESS, NEGATIVE, URGENCY, Family, N, Sums

Raw = tuple[float, float, float, float, float, float]
"""The factors' values: volume, sentiment, tier, urgency, recency and verdicts, in the order of their product."""

Measure = tuple[Raw, float]
"""A window's factors and its impact, 0 to 100."""

NOTHING: Raw = (0.0, 1.0, 1.0, 1.0, 1.0, 1.0)
"""The factors of a window that is empty, or holds praise alone."""


def _raw(sums: Sums, fresh: int, weights: Weights, verdicts: float) -> Raw:
    concerns = sums.total[N]
    if not sums.volume:
        return NOTHING
    return (
        sums.volume / 4,
        1 + (1000 * sums.total[NEGATIVE] + sums.total[BITTERNESS]) / (2000 * concerns),
        sums.weighted / (1000 * sums.volume),
        1 + weights.urgency * (sums.total[URGENCY] / (1000 * concerns)),
        1 + weights.recency * (fresh / concerns),
        verdicts,
    )


def _saturated(raw: Raw, saturation: float) -> float:
    product = raw[0] * raw[1] * raw[2] * raw[3] * raw[4] * raw[5]
    return round(100 * product / (product + saturation), 4)


def _measure(sums: Sums, fresh: int, saturation: float, weights: Weights, verdicts: float) -> Measure:
    """One window; ``fresh`` of its concerns came in the last 24 hours."""
    if not sums.total[N]:
        return NOTHING, 0.0
    raw = _raw(sums, fresh, weights, verdicts)
    return raw, _saturated(raw, saturation)


def _measures(family: Family, weights: Weights, milli: int) -> tuple[Measure, Measure]:
    """Both windows; kept until one changes, because the rules and the score ask one after the other."""
    known = family.measured
    if known is not None and known[0] == family.changes and known[1] is weights and known[4] == milli:
        return known[2], known[3]
    fresh = family.day.total[N]
    day = _measure(family.day, fresh, weights.saturation_day, weights, milli / 1000)
    week = _measure(family.week, fresh, weights.saturation_week, weights, milli / 1000)
    family.measured = (family.changes, weights, day, week, milli)
    return day, week


def impacts(family: Family, weights: Weights, verdicts_milli: int = NEUTRAL_MILLI) -> tuple[float, float]:
    """The impacts of the 24-hour and of the 7-day window; ``verdicts_milli`` is the factor of earlier issues."""
    (_, day), (_, week) = _measures(family, weights, verdicts_milli)
    return day, week


def window_scores(
    family: Family, weights: Weights, verdicts_milli: int = NEUTRAL_MILLI
) -> tuple[WindowScore, WindowScore]:
    """Both windows with their factors and the Wilson interval of the negative share."""
    day, week = _measures(family, weights, verdicts_milli)
    return _score("24h", family.day, day), _score("7d", family.week, week)


def _score(window: Window, sums: Sums, measure: Measure) -> WindowScore:
    raw, impact = measure
    volume, sentiment, tier, urgency, recency, verdicts = raw
    return WindowScore.made(
        window=window,
        concerns=sums.total[N],
        accounts=len(sums.by_who),
        impact=impact,
        factors=Factors.made(
            volume=volume,  # in quarters, so there is nothing to round
            sentiment=_four_places(sentiment),
            tier=_four_places(tier),
            urgency=_four_places(urgency),
            recency=_four_places(recency),
            verdicts=None if verdicts == 1 else verdicts,  # thousandths
        ),
        negative=wilson_interval(sums.total[NEGATIVE], sums.total[N]),
    )


@lru_cache(maxsize=16_384)
def _four_places(factor: float) -> float:
    """Kept: factors are ratios of small numbers and come again and again, and rounding takes longer than finding."""
    return round(factor, 4)


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
    product = f.volume * f.sentiment * f.tier * f.urgency * f.recency * (f.verdicts or 1)
    verdicts = f" × verdicts {f.verdicts:.2f}" if f.verdicts is not None else ""
    return (
        f"{counted(week.accounts, 'account')} in 7 days ({day.accounts} in the last 24 hours) raised "
        f"{counted(week.concerns, 'concern')}, {_percent(negative.count / negative.of)} negative (95 % interval "
        f"{_percent(negative.low)} to {_percent(negative.high)}), {severe} severe; the {top.window} window gives "
        f"volume {f.volume:.2f} × sentiment {f.sentiment:.2f} × tier {f.tier:.2f} × urgency {f.urgency:.2f} "
        f"× recency {f.recency:.2f}{verdicts} = {product:.1f}, impact {top.impact:.0f} of 100."
    )


def counted(count: int, noun: str) -> str:
    """``1 account``, ``2 accounts``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
