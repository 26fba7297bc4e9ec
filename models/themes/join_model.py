"""How sure an assignment is: the probability that it is right, from its evidence, in whole numbers.

A logistic model over the ``FEATURES`` of ``evidence``: each is centred and scaled, cut off at two standard
deviations and weighted; the sum goes through a tabled logistic. A default is shipped (``join_weights.json``,
fitted by ``undercurrent eval joins --fit``); what people confirm or correct teaches the tenant's own copy.
State: the learned part of the weights, one row; ``lean``, what duplicate verdicts say of all assignments, follows
from rows elsewhere (``pairs``). Everything is integer arithmetic, so a replay, another machine
and a restored model say the same number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from models.themes.evidence import FEATURES, Evidence

UNIT = 1024
"""A scaled feature of one standard deviation, and a log-odds of one."""
_CUT = 2 * UNIT
"""Farther from the centre than two standard deviations counts as two: what is far out on one tenant is usual on
another, and on the next set a longer line ranks and calibrates worse."""
FINE = 64
"""Learning moves weights in 1/(UNIT × FINE); shipped ones are in 1/UNIT."""
STEPS = 16
"""A correction moves the log-odds of its own evidence by error (up to 1) / STEPS."""
PRIOR = 200
"""Corrections that weigh as much as the shipped weights: each pulls what was learned back by one part in so many."""

_STEP = 128
"""The logistic is tabled at every eighth of a log-odds up to eight; between two points it is a line."""
_LAST = 8 * UNIT


@cache
def _logistic() -> tuple[int, ...]:
    """1,000,000 / (1 + e^-x) at x = 0, 1/8 … 8; ``decimal`` rounds the same way on every machine."""
    exact = Context(prec=30)
    steps = (exact.exp(-Decimal(at) * _STEP / UNIT) for at in range(_LAST // _STEP + 1))
    return tuple(int(exact.divide(Decimal(1_000_000), 1 + e).to_integral_value()) for e in steps)


def logistic_milli(log_odds: int) -> int:
    """The probability in thousandths of a log-odds in 1/1024.

    >>> logistic_milli(0), logistic_milli(1024), logistic_milli(-1024), logistic_milli(10**6)
    (500, 731, 269, 1000)
    """
    far = min(abs(log_odds), _LAST - 1)
    table, (at, rest) = _logistic(), divmod(far, _STEP)
    found = table[at] + (table[at + 1] - table[at]) * rest // _STEP
    milli = (found + 500) // 1000
    return milli if log_odds >= 0 else 1000 - milli


@dataclass(frozen=True, slots=True)
class Weights:
    """What a fit found: per feature its centre, scale (one standard deviation) and weight; all integers.

    Weights and ``bias`` are log-odds in 1/1024, per standard deviation.
    """

    centre: tuple[int, ...]
    scale: tuple[int, ...]
    weight: tuple[int, ...]
    bias: int

    @classmethod
    def decode(cls, row: Mapping[str, Any]) -> Weights:
        """From the form of ``join_weights.json``. Features are given by name."""
        centre, scale, weight = (
            tuple(int(row[part][name]) for name in FEATURES) for part in ("centre", "scale", "weight")
        )
        return cls(centre, scale, weight, int(row["bias"]))

    def encode(self) -> dict[str, Any]:
        """The inverse of ``decode``."""
        named = {part: dict(zip(FEATURES, getattr(self, part), strict=True)) for part in self.__slots__[:3]}
        return {**named, "bias": self.bias}


@cache
def shipped() -> Weights:
    """The weights that come with the product."""
    return Weights.decode(json.loads((Path(__file__).parent / "join_weights.json").read_text("utf-8")))


class JoinModel:
    """The probability that an assignment is right; one per tenant.

    >>> model, usual = JoinModel(), Evidence(*shipped().centre)
    >>> before = model.p_milli(usual)
    >>> for _ in range(50): model.learn(usual, correct=False)
    >>> before - model.p_milli(usual) > 50
    True
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self._shipped = weights or shipped()
        self._learned = [0] * (len(FEATURES) + 1)
        """What people taught, in 1/(UNIT × FINE): per feature, and last the bias."""
        self.taught = 0
        """Corrections and confirmations so far."""
        self.lean = 0
        """Log-odds, in 1/UNIT, that are added to every assignment's (``pairs``); what people teach is without it."""
        self._last: tuple[Evidence | None, list[int]] = (None, [])
        self._combine()

    def p_milli(self, evidence: Evidence) -> int:
        """How likely an assignment with this evidence is right, 0 to 1000."""
        return self._p_milli(evidence, self.lean)

    def p_taught(self, evidence: Evidence) -> int:
        """``p_milli`` as if there were no ``lean``."""
        return self._p_milli(evidence, 0)

    def _p_milli(self, evidence: Evidence, lean: int) -> int:
        total = self._bias + lean * FINE * UNIT
        for x, weight in zip(self._scaled(evidence), self._weights, strict=True):
            total += weight * x
        return logistic_milli(total // (UNIT * FINE))

    def factors(self, evidence: Evidence) -> list[tuple[str, int]]:
        """Each feature's share in the log-odds (in 1/1024, beside a typical assignment), the strongest first."""
        scaled, weights = self._scaled(evidence), self._weights
        shares = [
            (name, w * x // (UNIT * FINE)) for name, x, w in zip(FEATURES, scaled, weights, strict=True)
        ]
        shares.sort(key=_strength, reverse=True)  # stable: ties in the order of FEATURES
        return shares

    def learn(self, evidence: Evidence, correct: bool) -> None:
        """A person said whether an assignment with this evidence is right: one step of logistic regression.

        Source: stochastic gradient in normalised steps (Nagumo and Noda 1967), so that outlandish evidence teaches
        no more than usual one, with decay to the shipped weights, which is a Gaussian prior on them.
        """
        error = (1000 if correct else 0) - self.p_taught(evidence)
        scaled = [*self._scaled(evidence), UNIT]
        length = sum(x * x for x in scaled)
        for at, x in enumerate(scaled):
            pulled = self._learned[at] - _part(self._learned[at], PRIOR)
            self._learned[at] = pulled + _part(error * x * FINE * UNIT * UNIT, 1000 * STEPS * length)
        self.taught += 1
        self._combine()

    def encode(self) -> list[Any]:
        """The learned part, a row of the state log."""
        return [self.taught, self._learned]

    def load(self, row: Sequence[Any]) -> None:
        """The inverse of ``encode``."""
        taught, *weights, bias = (int(part) for part in (row[0], *row[1]))
        unknown = len(FEATURES) - len(weights)  # what the row was written without: nothing was learned of it
        self.taught, self._learned = taught, [*weights, *[0] * unknown, bias]
        self._combine()

    def _scaled(self, evidence: Evidence) -> list[int]:
        """Features in standard deviations; kept, because the probability asks first and then the reason."""
        if evidence is not self._last[0]:
            own = self._shipped
            parts = zip(evidence, own.centre, own.scale, strict=True)
            self._last = (evidence, [_in_deviations(*part) for part in parts])
        return self._last[1]

    def _combine(self) -> None:
        own = self._shipped
        weights = [w * FINE + d for w, d in zip(own.weight, self._learned, strict=False)]
        self._weights = weights
        self._bias = (own.bias * FINE + self._learned[-1]) * UNIT


def _in_deviations(value: int | None, centre: int, scale: int) -> int:
    if value is None:
        return 0
    far = (value - centre) * UNIT // scale
    return far if -_CUT < far < _CUT else _CUT if far > 0 else -_CUT


def _strength(share: tuple[str, int]) -> int:
    return abs(share[1])


def _part(value: int, parts: int) -> int:
    """``value`` in so many parts, rounded towards zero, so that what is small fades the same way on both sides."""
    return value // parts if value >= 0 else -(-value // parts)
