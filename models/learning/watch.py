"""When somebody should look at a model: signs over the last corrections, each against the ones before it.

Five signs: another mix of labels, one label nearly alone, a label that was not there before, falling macro-F1, repeated
low confidence. Baselines roll with the corrections. Two signs at once are a reason; one alone is weather.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from models.labellers.scoring import score_labels

RECENT, BASELINE = 50, 100
"""Corrections that are looked at, and those before them that they are compared with."""

QUORUM = 2
DRIFT = 0.25
"""Total variation between the two mixes of labels from which they differ."""

ALONE = 0.8
FALL = 0.15
"""Loss of macro-F1 from which it falls."""

NEW_SEEN, NEW_WITHIN = 3, 20
UNSURE_BELOW = 500
UNSURE_SHARE = 0.5


class Told(NamedTuple):
    """One correction: what a person said, what had been said, and how probable that was, in thousandths."""

    gold: str
    said: str
    sure_milli: int


def signs(told: Sequence[Told]) -> list[str]:
    """The signs that show, in words; none before there are ``RECENT`` + ``BASELINE`` corrections."""
    if len(told) < RECENT + BASELINE:
        return []
    recent, before = told[-RECENT:], told[-RECENT - BASELINE : -RECENT]
    shown = [_drift(recent, before), _alone(recent), _new(told), _falling(recent, before), _unsure(recent)]
    return [sign for sign in shown if sign]


def _drift(recent: Sequence[Told], before: Sequence[Told]) -> str | None:
    now, then = Counter(one.gold for one in recent), Counter(one.gold for one in before)
    apart = (
        sum(abs(now[label] / len(recent) - then[label] / len(before)) for label in sorted({*now, *then})) / 2
    )
    return f"label drift: the mix of labels moved by {apart:.2f}" if apart >= DRIFT else None


def _alone(recent: Sequence[Told]) -> str | None:
    label, many = min(Counter(one.gold for one in recent).items(), key=lambda one: (-one[1], one[0]))
    share = many / len(recent)
    return f"imbalance: {share:.0%} of the corrections say {label}" if share >= ALONE else None


def _new(told: Sequence[Told]) -> str | None:
    latest = Counter(one.gold for one in told[-NEW_WITHIN:])
    known = {one.gold for one in told[-NEW_WITHIN - BASELINE : -NEW_WITHIN]}
    new = sorted(label for label, many in latest.items() if many >= NEW_SEEN and label not in known)
    return f"new issue family: {', '.join(new)}" if new else None


def _falling(recent: Sequence[Told], before: Sequence[Told]) -> str | None:
    now, then = (
        score_labels([one.gold for one in part], [one.said for one in part]).macro_f1
        for part in (recent, before)
    )
    return f"falling F1: {now:.2f} after {then:.2f}" if then - now >= FALL else None


def _unsure(recent: Sequence[Told]) -> str | None:
    share = sum(one.sure_milli < UNSURE_BELOW for one in recent) / len(recent)
    return f"low confidence: {share:.0%} of the corrected were unsure" if share >= UNSURE_SHARE else None
