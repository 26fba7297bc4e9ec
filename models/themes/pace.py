"""How fast a theme grows: its concerns by quarters of a day, for a little more than eight days.

In: event times, one for each concern that joins or leaves.   Out: concerns a day, now and before, in thousandths.
State: at most 33 small integers.   The day that counts as now ends with the moment asked about; of the oldest of its
buckets the share that lies inside is counted, as if its concerns had come evenly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

QUARTER_S = 21_600
"""Seconds of a bucket."""
_DAY = 4
_BEFORE = 28
"""Buckets of the day that is now, and of the seven days before it."""
_KEPT = _DAY + _BEFORE + 1


class Pace:
    """Concerns by bucket; adding and taking out in any order gives the same.

    >>> pace = Pace()
    >>> for hour in range(0, 240, 6): pace.add(hour * 3600, 1)
    >>> velocity([pace], 240 * 3600 - 1)
    (4000, 4000)
    """

    __slots__ = ("_counts", "_latest")

    def __init__(self) -> None:
        self._latest = -1
        self._counts: list[int] = []

    def add(self, at_s: int, by: int) -> None:
        """Count a concern that happened at ``at_s`` (``by`` 1), or take it out (-1); what is too old is not counted."""
        bucket = at_s // QUARTER_S
        if by > 0 and bucket > self._latest:
            self._move_to(bucket)
        place = self._latest - bucket
        if 0 <= place < len(self._counts):
            self._counts[place] = max(0, self._counts[place] + by)

    def _move_to(self, bucket: int) -> None:
        fresh = min(bucket - self._latest, _KEPT) if self._counts else _KEPT
        self._counts = ([0] * fresh + self._counts)[:_KEPT]
        self._latest = bucket

    def parts(self, bucket: int) -> tuple[int, int, int, int]:
        """Concerns in the four buckets up to ``bucket``, the one before those, the 27 before it, and the one before."""
        # The place of ``bucket``; negative where this pace knows nothing so late.
        first = self._latest - bucket
        now = sum(self._counts[max(0, first) : max(0, first + _DAY)])
        edge, end = first + _DAY, first + _DAY + _BEFORE
        before = sum(self._counts[max(0, edge + 1) : max(0, end)])
        return now, self._at(edge), before, self._at(end)

    def _at(self, place: int) -> int:
        return self._counts[place] if 0 <= place < len(self._counts) else 0

    def encode(self) -> list[int]:
        """As JSON-able data: the latest bucket, then the counts without the zeros at their end."""
        counts = list(self._counts)
        while counts and not counts[-1]:
            counts.pop()
        return [self._latest, *counts]

    @classmethod
    def decode(cls, row: Sequence[int]) -> Pace:
        """The inverse of ``encode``."""
        pace = cls()
        pace._latest, counts = row[0], list(row[1:])
        pace._counts = counts + [0] * (_KEPT - len(counts)) if row[0] >= 0 else []
        return pace


def velocity(paces: Iterable[Pace], at_s: int) -> tuple[int, int]:
    """Concerns a day of these together, in thousandths: in the 24 hours up to ``at_s``, and in seven days before."""
    now = edge = before = end = 0
    for pace in paces:
        parts = pace.parts(at_s // QUARTER_S)
        now, edge, before, end = now + parts[0], edge + parts[1], before + parts[2], end + parts[3]
    # The share of a bucket that lies behind the moment's place in it.
    share = 1000 * (QUARTER_S - at_s % QUARTER_S) // QUARTER_S
    return 1000 * now + share * edge, (1000 * before + (1000 - share) * edge + share * end) // 7
