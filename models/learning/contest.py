"""Which of two models is better on the same corrections, and when that is more than luck.

McNemar's exact test, one-sided: of the corrections on which exactly one of the two was right, the challenger was on
``better`` and the other on ``worse``; without a difference each is a fair coin. It is looked at again and again, so
look k must be below .05 / (k (k + 1)): these sum to .05, the chance of ever promoting a model that is no better.
Source: McNemar 1947; the exact form as in Agresti, Categorical Data Analysis, §11.1. In whole numbers: near the bound a
library's float might decide differently on another machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb

LOOK_AT = 50
"""Pairs at the first look; each later look is at twice as many, so that few looks share the .05."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Pairs seen since it began; ``right`` and ``right_other`` are how often each was right."""

    pairs: int = 0
    better: int = 0
    worse: int = 0
    right: int = 0
    right_other: int = 0

    def with_pair(self, *, right: bool, right_other: bool) -> Contest:
        """One more correction, of which both had said what it is before either learned from it."""
        return Contest(
            self.pairs + 1,
            self.better + (right and not right_other),
            self.worse + (right_other and not right),
            self.right + right,
            self.right_other + right_other,
        )

    def turned(self) -> Contest:
        """The same seen from the other side."""
        return replace(
            self, better=self.worse, worse=self.better, right=self.right_other, right_other=self.right
        )

    @property
    def looks(self) -> int:
        """Which look this is, from 1; 0 if it is none."""
        doublings, rest = divmod(self.pairs, LOOK_AT)
        return doublings.bit_length() if rest == 0 and doublings.bit_count() == 1 else 0

    def is_won(self) -> bool:
        """Whether this is a look, and the challenger is better by more than luck."""
        look = self.looks
        at_least, all_of = tail(self.better, self.worse)
        return look > 0 and at_least * 20 * look * (look + 1) < all_of

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
        return [self.pairs, self.better, self.worse, self.right, self.right_other]


def tail(better: int, worse: int) -> tuple[int, int]:
    """The chance of at least ``better`` heads, as a fraction of whole numbers.

    >>> tail(8, 1)
    (10, 512)
    """
    tosses = better + worse
    return sum(comb(tosses, heads) for heads in range(better, tosses + 1)), 1 << tosses
