"""Has a running mean sunk below a hard floor? For decline that is too slow for a test of change."""

from __future__ import annotations

from models.drift.seen import Seen

SPAN = 16
"""A value weighs a sixteenth in the running mean."""


class Floor:
    """Thousandths, one at a time: m ← m + (x − m) / 16, told once when m falls below ``low`` from above ``high``.

    >>> floor = Floor(low=500, high=600)
    >>> seen = [floor.update(700 if n < 20 else 300) for n in range(60)]
    >>> [n for n, s in enumerate(seen) if s]
    [30]
    """

    __slots__ = ("_high", "_low", "mean", "state")

    def __init__(self, low: int, high: int, mean: int = 0, state: int = 0) -> None:
        self._low, self._high = low, high
        self.mean = mean
        """In 1/256 of a thousandth."""
        self.state = state
        """Values since the first, up to ``SPAN``; then one more once the mean was above ``high``."""

    def update(self, milli: int) -> Seen | None:
        """Take in one value; what sank, if it has just sunk below the floor."""
        self.mean = milli << 8 if self.state == 0 else self.mean + (((milli << 8) - self.mean) >> 4)
        if self.state < SPAN:
            self.state += 1
        elif self.mean >= self._high << 8:
            self.state = SPAN + 1
        elif self.state > SPAN and self.mean < self._low << 8:
            self.state = SPAN
            return Seen(self._high / 1000, round(self.mean / 256_000, 4), SPAN, SPAN)
        return None
