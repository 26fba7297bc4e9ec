"""Keep to a share of questions, whatever the stream: a bar that rises with every question and falls without one.

In: what an answer would be worth, arrival by arrival.   Out: whether to ask. In the long run one of ``one_in`` arrivals
is asked about, and those are its most valuable ones. The bar is its owner's state; whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """One question to ``one_in`` arrivals; the bar falls by ``fall`` thousandths of a worth at each arrival."""

    one_in: int
    fall: int

    def next(self, bar: int, value: int | None) -> tuple[bool, int]:
        """Whether to ask where an answer is worth ``value`` (None: not to be asked about), and the bar after that.

        >>> Pace(one_in=5, fall=1000).next(2000, 3), Pace(one_in=5, fall=1000).next(2000, 2)
        ((True, 6000), (False, 1000))
        """
        if value is not None and 1000 * value > bar:
            return True, bar + (self.one_in - 1) * self.fall
        return False, max(bar - self.fall, 0)
