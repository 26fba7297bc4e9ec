"""Has a distribution of labels changed? Jensen-Shannon divergence of two windows, as an exact test statistic.

With weights in proportion to the windows' sizes, 2 · ln 2 · (n + m) times the divergence in bits *is* the G statistic
of the two rows of counts, which is chi-squared when nothing changed (J. Lin 1991; I. Grosse and others 2002). So the
bound is a probability and needs no permutations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scipy.special import chdtrc

from models.drift.seen import Seen
from models.themes.octets import Reader, Writer

WINDOW = 40
"""Labels that make a window; the reference needs twice as many."""
LABELS = 12
"""Labels told apart at most; the rest count as one."""
REST = "…"
_FEW = 5
_FORGET = 4096


def divergence(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence in bits, each window weighed by its size.

    >>> divergence({"a": 5, "b": 5}, {"a": 5, "b": 5}), round(divergence({"a": 8}, {"b": 8}), 3)
    (0.0, 1.0)
    """
    n, m = sum(before.values()), sum(after.values())
    terms = []
    for label in sorted({*before, *after}):
        one, two = before.get(label, 0), after.get(label, 0)
        both = (one + two) / (n + m)
        terms += [k * math.log2(k / of / both) for k, of in ((one, n), (two, m)) if k]
    return max(math.fsum(terms) / (n + m), 0.0)


class LabelMix:
    """Labels, one at a time; at the end of a tick window says whether their mix has changed.

    >>> mix = LabelMix(p=1e-6, bits=0.1)
    >>> for n in range(240):
    ...     mix.update("billing" if n < 120 or n % 4 == 0 else "crash")
    ...     if n in (79, 119, 159) and mix.close(): print(n, "changed")
    159 changed
    """

    __slots__ = ("_bits", "_count", "_p", "now", "reference")

    def __init__(self, p: float, bits: float) -> None:
        self._p, self._bits = p, bits
        self.reference: dict[str, int] = {}
        self.now: dict[str, int] = {}
        self._count = 0

    def update(self, label: str) -> None:
        """Count one label."""
        known = label in self.now or label in self.reference
        name = label if known or len({*self.now, *self.reference}) < LABELS else REST
        self.now[name] = self.now.get(name, 0) + 1
        self._count += 1

    @property
    def is_due(self) -> bool:
        """Whether the window is large enough to be closed."""
        return self._count >= WINDOW

    def close(self) -> Seen | None:
        """A tick came: judge the window if it is large enough, and begin another; what changed, if it has."""
        if not self.is_due:
            return None
        seen = self._judge()
        if seen is not None:
            self.reference = {}
        for label, count in self.now.items():
            self.reference[label] = self.reference.get(label, 0) + count
        if sum(self.reference.values()) > _FORGET:
            self.reference = {label: count // 2 for label, count in self.reference.items() if count > 1}
        self.now, self._count = {}, 0
        return seen

    def _judge(self) -> Seen | None:
        n, m = sum(self.reference.values()), sum(self.now.values())
        if n < 2 * WINDOW:
            return None
        names = {*self.reference, *self.now}
        rare = {name for name in names if self.reference.get(name, 0) + self.now.get(name, 0) < _FEW}
        before, after = (_joined(counts, rare) for counts in (self.reference, self.now))
        bits, cells = divergence(before, after), len({*before, *after})
        p = float(chdtrc(cells - 1, 2 * math.log(2) * (n + m) * bits)) if cells > 1 else 1.0
        # The effect is of windows of equal weight: a small one against a large one would look like nothing.
        effect = divergence(_times(before, m), _times(after, n))
        return Seen(0.0, round(effect, 4), n, m, p) if p <= self._p and effect >= self._bits else None

    def write(self, to: Writer) -> None:
        """Each label with its counts before and now."""
        names = sorted({*self.reference, *self.now})
        to.number(len(names))
        for name in names:
            to.text(name)
            to.numbers(self.reference.get(name, 0), self.now.get(name, 0))

    @classmethod
    def read(cls, source: Reader, p: float, bits: float) -> LabelMix:
        """The inverse of ``write``."""
        mix = cls(p, bits)
        for _ in range(source.number()):
            name, before, now = source.text(), source.number(), source.number()
            mix.reference |= {name: before} if before else {}
            mix.now |= {name: now} if now else {}
        mix._count = sum(mix.now.values())
        return mix


def _joined(counts: Mapping[str, int], rare: set[str]) -> dict[str, int]:
    found = {name: count for name, count in counts.items() if name not in rare}
    rest = sum(count for name, count in counts.items() if name in rare)
    return found | ({REST: found.get(REST, 0) + rest} if rest else {})


def _times(counts: Mapping[str, int], by: int) -> dict[str, int]:
    return {name: count * by for name, count in counts.items()}
