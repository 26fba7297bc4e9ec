"""What duplicate verdicts and people's decisions about them say of a tenant's assignments, as one number.

In:    pairs of themes that a tracker called one, or that people merged or kept apart on request.
Out:   ``lean``: by how much the log-odds of every assignment are raised or lowered. It follows from the pairs that hold
       now and from nothing else, so what is withdrawn was never said.
State: the pairs, one row each, at most ``MOST``. Elsewhere: what makes a pair (``teaching``), why so (ADR 42).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

MOST = 200
"""Pairs that are held; beyond that the oldest is forgotten."""
MOST_ISSUES = 8
"""Issues of one pair that are remembered, the latest."""
QUORUM = 10
"""Pairs below which nothing is learned."""
MOST_LEAN = 256
"""Log-odds, in 1/1024: no probability is moved by more than .063."""

ONE_MILLI = 850
"""How often a concern is right in its theme when the runner-up is the same topic, in thousandths (measured: .82 to
.92). When it is another topic it is right as often as stated (.69 to .73), so such a pair asks for no change."""
_PRIOR = 20
"""Pairs that weigh as much as the shipped bias."""
_SPREAD = 5
"""1 / p(1 - p) where p is about .72: what a probability moves by, in log-odds."""


class Said(NamedTuple):
    """What a tracker says of one issue as of ``at_ms``: that it is a duplicate, or no more."""

    issue: str
    at_ms: int
    stands: bool


class Pair(NamedTuple):
    """Two themes: ``number`` tells which pair came first."""

    number: int
    stated_milli: int | None
    """The mean probability then stated for concerns of one whose runner-up was the other; None if there were none."""
    said: tuple[Said, ...] = ()
    decision: int = 0
    """1: people made them one; -1: they keep them apart; 0: nobody decided."""
    order_id: str = ""

    @property
    def counts(self) -> bool:
        """Whether anybody still says anything of the two."""
        return self.decision != 0 or any(one.stands for one in self.said)


class Pairs:
    """The pairs of one tenant, by the ids of both themes."""

    def __init__(self) -> None:
        self.rows: dict[str, Pair] = {}
        self.changed: set[str] = set()
        """Keys of rows that changed since this was last emptied."""

    def find(self, one: str, other: str) -> Pair | None:
        """The pair of two themes."""
        return self.rows.get(key(one, other))

    def add(self, one: str, other: str, stated_milli: int | None) -> None:
        """Take up a pair that is not there yet; the oldest goes if that is one too many."""
        number = 1 + max((pair.number for pair in self.rows.values()), default=0)
        self._put(key(one, other), Pair(number, stated_milli))
        if len(self.rows) > MOST:
            oldest = min(self.rows, key=lambda name: self.rows[name].number)
            del self.rows[oldest]
            self.changed.add(oldest)

    def say(self, one: str, other: str, said: Said) -> None:
        """A tracker said something of a pair's issue; what is older than what it said before is left alone."""
        pair = self.rows[key(one, other)]
        before = next((old for old in pair.said if old.issue == said.issue), None)
        if before is None or before.at_ms <= said.at_ms:
            rest = tuple(old for old in pair.said if old.issue != said.issue)
            self._put(key(one, other), pair._replace(said=(*rest, said)[-MOST_ISSUES:]))

    def withdraw(self, issue: str, at_ms: int, but: str = "") -> None:
        """A tracker calls an issue a duplicate no more, or of another: none of its pairs stands but ``but``."""
        for name, pair in sorted(self.rows.items()):
            if name != but and any(old.issue == issue for old in pair.said):
                one, other = name.split(" ")
                self.say(one, other, Said(issue, at_ms, False))

    def decide(self, one: str, other: str, decision: int, order_id: str) -> None:
        """People's word about a pair; the last one counts."""
        pair = self.rows[key(one, other)]
        self._put(key(one, other), pair._replace(decision=decision, order_id=order_id))

    def lift(self, order_id: str) -> None:
        """What this order decided is undecided again."""
        for name, pair in sorted(self.rows.items()):
            if pair.decision and pair.order_id == order_id:
                self._put(name, pair._replace(decision=0, order_id=""))

    def lean(self) -> int:
        """Log-odds in 1/1024 that are added to every assignment's.

        One step of Newton's method for the bias of a logistic regression whose target is ``ONE_MILLI`` for themes
        that are one and what was stated for others, with a Gaussian prior that weighs ``_PRIOR`` pairs. A verdict
        that nobody decided weighs as much as the tracker was believed before (Laplace's rule of succession), a
        decision one.
        """
        counted = [pair for pair in self.rows.values() if pair.counts and pair.stated_milli is not None]
        if len(counted) < QUORUM:
            return 0
        trust, total, weights = self._trust_milli(), 0, 0
        for pair in counted:
            weight = 1000 if pair.decision else trust
            weights += weight
            if pair.decision >= 0:
                total += weight * (ONE_MILLI - (pair.stated_milli or 0))
        found = abs(total) * 1024 * _SPREAD // (1000 * (weights + 1000 * _PRIOR))
        return min(found, MOST_LEAN) * (1 if total > 0 else -1)

    def _trust_milli(self) -> int:
        """How often people agreed with a tracker's verdicts, in thousandths; a half before they decided any."""
        decided = [pair.decision for pair in self.rows.values() if pair.decision and pair.said]
        return 1000 * (1 + decided.count(1)) // (2 + len(decided))

    # -- rows ------------------------------------------------------------------------------------------

    def _put(self, name: str, pair: Pair) -> None:
        self.rows[name] = pair
        self.changed.add(name)

    def encode(self, name: str) -> list[Any] | None:
        """A row as JSON-able data, None for one that is gone."""
        pair = self.rows.get(name)
        if pair is None:
            return None
        said = [[one.issue, one.at_ms, int(one.stands)] for one in pair.said]
        return [pair.number, pair.stated_milli, said, pair.decision, pair.order_id]

    def load(self, name: str, row: Sequence[Any] | None) -> None:
        """Take up what ``encode`` gave; later rows win."""
        if row is None:
            self.rows.pop(name, None)
            return
        number, stated, said, decision, order_id = row
        told = tuple(Said(issue, at_ms, bool(stands)) for issue, at_ms, stands in said)
        self.rows[name] = Pair(number, stated, told, decision, order_id)


def key(one: str, other: str) -> str:
    """The name of a pair, whichever of the two comes first."""
    return " ".join(sorted((one, other)))
