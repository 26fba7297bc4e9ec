"""Scores of predicted against gold labels, and how our decisions read in another data set's words.

Used by ``undercurrent eval extraction|sentiment``; plain functions, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.labellers.decision import Decision

OTHER = "other"


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Precision, recall and F1 of one label in 0 … 1, and how often it is the gold label."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class LabelScore:
    """``macro_f1`` is the mean over gold labels, each counting the same; ``by_label`` is sorted by name."""

    macro_f1: float
    accuracy: float
    by_label: dict[str, LabelFigures]
    n: int


def score_labels(gold: Sequence[str], predicted: Sequence[str]) -> LabelScore:
    """Figures over pairs of labels; no pairs give zeros.

    >>> score_labels(["a", "b"], ["a", "a"]).accuracy
    0.5
    """
    pairs = list(zip(gold, predicted, strict=True))
    by_label = {label: _figures(label, pairs) for label in sorted(set(gold))}
    count = max(1, len(pairs))
    return LabelScore(
        macro_f1=sum(one.f1 for one in by_label.values()) / max(1, len(by_label)),
        accuracy=sum(left == right for left, right in pairs) / count,
        by_label=by_label,
        n=len(pairs),
    )


def _figures(label: str, pairs: Sequence[tuple[str, str]]) -> LabelFigures:
    right = sum(gold == said == label for gold, said in pairs)
    said = sum(said == label for _, said in pairs)
    support = sum(gold == label for gold, _ in pairs)
    precision = right / said if said else 0.0
    recall = right / support if support else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return LabelFigures(precision, recall, f1, support)


def merge_labels(gold: Sequence[str], merges: Mapping[str, str]) -> list[str]:
    """Gold labels renamed by ``a=b`` pairs; labels not named stay.

    >>> merge_labels(["praise_or_rating", "bug"], {"praise_or_rating": "other"})
    ['other', 'bug']
    """
    return [merges.get(label, label) for label in gold]


def kind_of(decision: Decision) -> str:
    """``bug``, ``feature_request`` or ``other``: a request's category wins over the flag of a bug."""
    if decision.category == "feature_request":
        return "feature_request"
    if decision.bug:
        return "bug"
    return "feature_request" if decision.feature_request else OTHER


def as_gold_label(decision: Decision, labels: Sequence[str]) -> str:
    """The decision in the words of a data set: its category if known there, else its kind, else ``other``.

    Only with exactly our three kinds does the kind go first, so that a billing bug counts as a bug.
    """
    kind = kind_of(decision)
    known = set(labels)
    if known <= {"bug", "feature_request", OTHER}:
        return kind if kind in known else OTHER
    if decision.category in known:
        return decision.category
    return kind if kind in known else OTHER
