"""Implicit signals: what each may mean, and how little it weighs. None is a dislike, and none changes a label.

The weights are thousandths of what a sentence of feedback weighs. They are kept beside an item as weak evidence, and
together never exceed ``MOST_MILLI``, so that no number of clicks speaks as loud as a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a signal may say, what it may as well say, and its weight once, in thousandths."""

    may_say: str
    or_else: str
    weight_milli: int


SIGNALS: Mapping[str, Meaning] = {
    "retry": Meaning("the answer or action did not help", "curiosity, a network that failed, a habit", 40),
    "regenerate": Meaning("the answer was not good enough", "another wording was wanted of a good one", 40),
    "abandon": Meaning("the task could not be done", "the task was done, or somebody was called away", 20),
    "edit": Meaning("the answer was nearly right", "house style, or a personal detail added", 20),
    "copy": Meaning("the answer was useful", "it was copied to show how wrong it is", 20),
    "rage_click": Meaning("something does not react", "a slow network or a double click", 40),
    "thumbs_down": Meaning("something was wrong", "a slip, or the product and not the answer", 100),
    "thumbs_up": Meaning("it helped", "politeness, or a slip", 60),
}
"""The names that are joined to items; others are kept in the journal and mean nothing to us."""

MOST_MILLI = 250


def ambiguity_weight(signals: Mapping[str, int]) -> int:
    """The weight of signals together, in thousandths: each name once and a half at most, and never much."""
    total = sum(
        SIGNALS[name].weight_milli * (3 if count > 1 else 2) // 2
        for name, count in signals.items()
        if name in SIGNALS
    )
    return min(MOST_MILLI, total)
