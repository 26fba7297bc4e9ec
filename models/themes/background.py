"""The decision space: what is special about a concern against its tenant's background.

A vector is centred on the mean of its group, projected on the leading principal directions of the
tenant's sample, and rounded to the grid again. Every number here is an integer and every sum of products
stays below 2**53, so a float64 matrix product is exact and no BLAS, thread count or processor can change
a bit. For the same reason the directions come from a subspace iteration rounded at each step, not from a
library's eigen-solver (only the subspace they span matters: similarities do not see a rotation of it).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import (
    GRID,
    ONE,
    Floats,
    Grid,
    Ints,
    Units,
    Whole,
    on_grid,
    on_grid_one,
    pack,
    unpack_grid,
    unpack_ints,
)
from models.themes.policy import ThemePolicy

BASIS = 2**14
"""Norm of a direction. A projected vector stays below 2**26, its squared norm below 2**53."""
_PEAK = 2.0**19
COLD_ROUNDS = 4
"""Rounds of the search for directions when there were none before, …"""
WARM_ROUNDS = 2
"""… and when it goes on from those. Three times as many find themes no better (``docs/themes.md``)."""
_LAGS = 8
"""Pairs per sampled concern: each is compared with its next eight in hash order."""
_BLOCK = 1024
_NEAR = GRID * BASIS / 400
"""Distance of two origins that is as good as none; a projected vector has norm ``GRID * BASIS`` at most."""
_BORROWED_PAIRS = 500
"""Pairs of the whole tenant that a group's spread is mixed with, so that a small group has one."""


@dataclass(frozen=True, slots=True)
class Level:
    """A group's origin ``(components,)``, integer-valued, its joining threshold and standard deviation, in 1/ONE."""

    origin: Floats
    threshold: int
    spread: int


def near(one: Level, other: Level) -> bool:
    """Whether two levels of the same directions decide practically alike: a similarity differs by less than .01."""
    apart = one.origin - other.origin
    same_numbers = (
        abs(one.threshold - other.threshold) <= ONE // 200 and abs(one.spread - other.spread) <= ONE // 800
    )
    return same_numbers and float(apart @ apart) <= _NEAR**2


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Directions ``(d, components)`` of norm 2**14, and a ``Level`` per group (``""``: any other).

    The directions are whole numbers and kept in 16 bits, a quarter of the room; what computes with them widens them.
    """

    basis: Grid
    levels: Mapping[str, Level]

    def level(self, group: str) -> Level:
        """The group's level, or the tenant's for a group not seen at the last pass."""
        return self.levels.get(group) or self.levels[""]

    def project(self, vectors: Whole) -> Floats:
        """Integer rows ``(..., d)`` along the directions, not yet centred; exact."""
        if vectors.ndim == 1:
            return np.asarray(vectors, np.float64) @ _wide(self)
        found = np.empty((len(vectors), self.basis.shape[1]))
        for at in _blocks(len(vectors)):
            found[at] = vectors[at].astype(np.float64) @ _wide(self)
        return found


@lru_cache(maxsize=4)
def _wide(space: Space) -> Floats:
    """The directions in float64, kept for the tenants of the moment only."""
    return space.basis.astype(np.float64)


def _blocks(rows: int) -> Iterator[slice]:
    """Pieces of an array with so many rows: what is widened to float64 all at once is never given back."""
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))


def centred(raw: Floats | NDArray[np.int32], count: Floats | float, origin: Floats) -> Units:
    """The grid vector of the mean of ``count`` projected vectors whose exact sum is ``raw``."""
    return on_grid(np.rint(raw / count) - origin)


def centred_one(raw: Floats, origin: Floats) -> Units:
    """``centred`` of one projected vector, which is integer-valued already."""
    return on_grid_one(raw - origin)


def first_directions(warm: Grid | None, size: int, components: int) -> Floats:
    """Where the search for directions starts: at those that hold now, ``warm``, as far as there are any."""
    basis: Floats = _first_block(size, components)
    if warm is not None:
        basis[:, warm.any(axis=0)] = warm[:, warm.any(axis=0)]
    return basis


def nearer_directions(basis: Floats, groups: Sequence[Grid]) -> Floats:
    """One round of subspace iteration over the rows of ``groups``, each around its own mean.

    The mean is rounded, so all stays whole: a row below 2**12, along a direction below 2**26, and a sum over
    30,000 rows below 2**53.
    """
    block: Floats = np.zeros_like(basis)
    for part in groups:
        mean = np.rint(part.sum(axis=0, dtype=np.int64) / len(part))
        for at in _blocks(len(part)):
            rows = part[at] - mean
            block += rows.T @ (rows @ basis)
    return _orthonormal(block)


def _first_block(size: int, components: int) -> Floats:
    """A fixed block of signs to start from; any block that is not special will do."""
    bits = np.random.Generator(np.random.PCG64(0)).integers(0, 2, (size, components))
    block: Floats = (bits.astype(np.float64) * 2.0 - 1.0) * (BASIS // 16)
    return block


def _orthonormal(block: Floats) -> Floats:
    """Gram-Schmidt on integers, rounded after each exact product; a column with nothing new is zero.

    Worked on as rows: what is multiplied lies together in memory then.
    """
    rows = np.ascontiguousarray(block.T)
    peaks = np.abs(rows).max(axis=1, keepdims=True)
    rows = np.rint(rows * (_PEAK / np.maximum(peaks, 1.0)))
    done = np.zeros_like(rows)
    for j, found in enumerate(rows):
        earlier = done[:j]
        for _ in range(2 if j else 0):  # once leaves what rounding left of the earlier directions
            found -= _rounded(_rounded(earlier @ found) @ earlier)
        norm = math.sqrt(float(found @ found))
        if norm >= 4096.0:  # of about 2**22; less is what the rounding of earlier directions leaves
            np.rint(found * (BASIS / norm), out=done[j])
    return np.ascontiguousarray(done.T)


def _rounded(products: Floats) -> Floats:
    """Products with directions in units of their norm, in place."""
    products /= BASIS
    return np.rint(products, out=products)


class Background:
    """How many concerns each group has had, and their exact sum; it does not un-learn."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.counts: dict[str, int] = {}
        self.sums: dict[str, Ints] = {}

    def learn_one(self, vector: Grid, group: str) -> None:
        """Count one concern."""
        if group not in self.sums:
            self.counts[group], self.sums[group] = 0, np.zeros(self._size, np.int64)
        self.counts[group] += 1
        self.sums[group] += vector

    def encode(self, group: str) -> list[Any]:
        """The group's row of the state log."""
        return [self.counts[group], pack(self.sums[group])]

    def load(self, group: str, encoded: list[Any]) -> None:
        """Take up a row of the state log."""
        self.counts[group], self.sums[group] = int(encoded[0]), unpack_ints(encoded[1])

    def origins(self, basis: Grid, weight: int) -> dict[str, Floats]:
        """Where each group is centred, leaning on the tenant's mean by ``weight`` concerns; ``""``: its mean."""
        names = sorted(self.sums)
        tenant = np.rint(
            sum((self.sums[g] for g in names), np.zeros(self._size, np.int64)).astype(np.float64)
            @ basis
            / max(sum(self.counts.values()), 1)
        )
        found: dict[str, Floats] = {"": tenant}
        for name in names:
            own = self.sums[name].astype(np.float64) @ basis
            found[name] = np.rint((own + weight * tenant) / (self.counts[name] + weight))
        return found


def calibrate(
    origins: Mapping[str, Floats], samples: Mapping[str, Floats | NDArray[np.int32]], policy: ThemePolicy
) -> dict[str, Level]:
    """A level per group from its sampled concerns, projected ``(n, components)``, in hash order."""
    moments = {g: _pair_moments(centred(rows, 1.0, origins[g])) for g, rows in sorted(samples.items())}
    pairs, square = sum(m[0] for m in moments.values()), sum(m[1] for m in moments.values())
    tenant = square / pairs if pairs else 0.0
    levels = {}
    for group, origin in origins.items():
        n, squares = moments.get(group, (0, 0))
        variance = (squares + _BORROWED_PAIRS * tenant) / (n + _BORROWED_PAIRS)
        spread = float(np.sqrt(variance))
        join = min(max(policy.z * spread, policy.lowest * ONE), policy.highest * ONE)
        levels[group] = Level(origin, int(join), max(int(spread), 1))
    return levels


def _pair_moments(units: Units) -> tuple[int, int]:
    """Number of pairs that are unlike (similarity below zero), and the sum of their squared similarities.

    Half of a bell curve around zero has its spread; the other half is left out because it holds the pairs
    of one topic, which a stream with a few large topics has many of.
    """
    lags = min(_LAGS, len(units) - 1)
    if lags < 1:
        return 0, 0
    found = [np.einsum("ij,ij->i", units[lag:], units[:-lag]) for lag in range(1, lags + 1)]
    values = np.concatenate(found).astype(np.int64)
    unlike = values[values < 0]
    return len(unlike), int(np.square(unlike).sum())


def encode_space(space: Space, row: str) -> Any:
    """A row of the state log: ``basis``, or ``level:<group>``."""
    if row == "basis":
        return encode_basis(space.basis)
    level = space.levels[row.removeprefix("level:")]
    return [pack(level.origin.astype(np.int64)), level.threshold, level.spread]


def decode_space(rows: Mapping[str, Any], components: int) -> Space | None:
    """The space from its rows; None before the first pass."""
    if "basis" not in rows:
        return None
    levels = {
        name.removeprefix("level:"): Level(unpack_ints(row[0]).astype(np.float64), int(row[1]), int(row[2]))
        for name, row in sorted(rows.items())
        if name.startswith("level:")
    }
    return Space(decode_basis(rows["basis"], components).astype(np.int16), levels)


def encode_basis(basis: Floats | Grid) -> str:
    """Directions as text."""
    return pack(basis.T.astype(np.int16))


def decode_basis(text: str, components: int) -> Floats:
    """The inverse of ``encode_basis``."""
    return np.ascontiguousarray(unpack_grid(text).reshape(components, -1).T.astype(np.float64))
