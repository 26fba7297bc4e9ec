"""Which of two models is better on the same corrections, and when that is more than luck.

McNemar's exact test, one-sided: of the corrections on which exactly one of the two was right, the challenger was on
``better`` and the other on ``worse``; without a difference each is a fair coin. It is looked at again and again, so
the looks share .05 among them, the chance of ever promoting a model that is no better (Bonferroni). What a beginner got
wrong says little of the model that it has become: of one that learns, pairs are counted anew after the first hundred.
Source: McNemar 1947; the exact form as in Agresti, Categorical Data Analysis, §11.1. In whole numbers: near the bound a
library's float might decide differently on another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Literal

LOOK_AT = 50
"""Pairs at the first look; each later look is at twice as many, so that few looks share the .05."""
GROWN_AT = 195
"""Pairs at the first look at a model that has learned for a while, so that the second is the 490th of all: some answers
are of no use to the models, and whoever gives five hundred would miss a look at the 500th pair."""

Stage = Literal["steady", "young", "grown"]
_STAGES: tuple[Stage, ...] = ("steady", "young", "grown")


@dataclass(frozen=True, slots=True)
class Contest:
    """Pairs seen since it began; ``right`` and ``right_other`` are how often each was right.

    ``stage``: ``steady`` where both stand still, with .05 / (k (k + 1)) for look k; where the challenger learns,
    ``young`` for a hundred pairs, with .005 for each of two looks, ``grown`` from then on, with .02, .01, .005 …
    """

    pairs: int = 0
    better: int = 0
    worse: int = 0
    right: int = 0
    right_other: int = 0
    stage: Stage = "steady"

    def with_pair(self, *, right: bool, right_other: bool) -> Contest:
        """One more correction, of which both had said what it is before either learned from it."""
        return Contest(
            self.pairs + 1,
            self.better + (right and not right_other),
            self.worse + (right_other and not right),
            self.right + right,
            self.right_other + right_other,
            self.stage,
        )

    def aged(self) -> Contest:
        """The contest that goes on: a new one where the challenger has learned enough to be another."""
        return Contest(stage="grown") if self.stage == "young" and self.pairs >= 2 * LOOK_AT else self

    def turned(self) -> Contest:
        """The same seen from the other side."""
        return replace(
            self, better=self.worse, worse=self.better, right=self.right_other, right_other=self.right
        )

    @property
    def looks(self) -> int:
        """Which look this is, from 1; 0 if it is none."""
        doublings, rest = divmod(self.pairs, GROWN_AT if self.stage == "grown" else LOOK_AT)
        look = doublings.bit_length() if rest == 0 and doublings.bit_count() == 1 else 0
        return 0 if self.stage == "young" and look > 2 else look

    def is_won(self) -> bool:
        """Whether this is a look, and the challenger is better by more than luck."""
        look = self.looks
        at_least, all_of = tail(self.better, self.worse)
        one_in = {"steady": 20 * look * (look + 1), "young": 200, "grown": 50 << max(look - 1, 0)}[self.stage]
        return look > 0 and at_least * one_in < all_of

    def metrics(self) -> dict[str, int]:
        """The figures of a model event."""
        at_least, all_of = tail(self.better, self.worse)
        pairs = max(1, self.pairs)
        return {
            "pairs": self.pairs,
            "better": self.better,
            "worse": self.worse,
            "p_milli": at_least * 1000 // all_of,
            "right_milli": self.right * 1000 // pairs,
            "right_before_milli": self.right_other * 1000 // pairs,
        }

    def row(self) -> list[int]:
        """As data for the state log."""
        counts = [self.pairs, self.better, self.worse, self.right, self.right_other]
        return [*counts, _STAGES.index(self.stage)]

    @classmethod
    def of_row(cls, row: Sequence[int]) -> Contest:
        """As ``row`` wrote it; before there were stages it was without one."""
        pairs, better, worse, right, right_other, *stage = row
        return cls(pairs, better, worse, right, right_other, _STAGES[stage[0] if stage else 0])


def tail(better: int, worse: int) -> tuple[int, int]:
    """The chance of at least ``better`` heads, as a fraction of whole numbers.

    >>> tail(8, 1)
    (10, 512)
    """
    tosses = better + worse
    return sum(comb(tosses, heads) for heads in range(better, tosses + 1)), 1 << tosses
