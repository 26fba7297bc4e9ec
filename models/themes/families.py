"""Themes that are about the same thing, one level up: found as they come, and left alone unless clearly better.

In: the centroids of a group's themes and the family that each is in.   Out: the family that each is in now.
A theme joins a family, and themes found one, by average linkage in decision space at a share of the joining threshold.
Exact: sums of units are integers, so products are; ties go to the lowest number. Elsewhere: ids and names of families.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.themes.births import alike
from models.themes.grid import ONE, Floats, Ints, Units

SHARE = 0.5
"""Of the similarity at which a concern joins a theme: what themes of a family have in common, on average."""
CLEARLY = 0.10
"""A theme changes its family, or two families become one, only for a mean similarity higher by this (cosine)."""
LOOKED_AT = 1_000
"""Themes looked at in one go, so that a tick with many themes takes no longer than one with few."""

NONE = -1
"""Of a theme that is in no family."""


@dataclass(frozen=True, slots=True)
class Kin:
    """The families of a group: ``sums`` ``(f, d)`` and ``counts`` ``(f,)`` of their themes' centroids."""

    sums: Floats
    counts: Floats

    @classmethod
    def of(cls, units: Units, own: Ints, families: int) -> Kin:
        """Made from all themes' centroids ``(k, d)`` and their families ``(k,)``."""
        inside = own != NONE
        sums = np.zeros((families, units.shape[1]))
        np.add.at(sums, own[inside], units[inside].astype(np.float64))
        return cls(sums, np.bincount(own[inside], minlength=families).astype(np.float64))

    def means(self, units: Units, own: Ints) -> tuple[Floats, Floats]:
        """Mean similarity of themes to every family ``(n, f)``, without themselves; and to their own ``(n,)``."""
        wide = units.astype(np.float64)
        products = wide @ self.sums.T
        counts = np.repeat(self.counts[None, :], len(units), axis=0)
        rows = np.flatnonzero(own != NONE)
        products[rows, own[rows]] -= np.square(wide[rows]).sum(axis=1)
        counts[rows, own[rows]] -= 1
        means = np.where(counts > 0, products / np.maximum(counts, 1), -float(ONE))
        mine = np.full(len(units), -float(ONE))
        mine[rows] = means[rows, own[rows]]
        return means, mine


def regroup(units: Units, own: Ints, families: int, threshold: int, looked_at: Ints) -> Ints:
    """The family of each theme ``(k,)``; numbers from ``families`` on are new ones.

    ``own`` are the present families, numbered in the order of their ids, ``threshold`` is that of the group's concerns.
    Only the themes ``looked_at`` (rows, sorted) change.
    """
    level, margin = SHARE * threshold, CLEARLY * ONE
    found = own.copy()
    if families and len(looked_at):
        means, mine = Kin.of(units, own, families).means(units[looked_at], own[looked_at])
        best = means.argmax(axis=1)
        there = means[np.arange(len(best)), best]
        joins = (there >= level) & (there >= np.where(own[looked_at] == NONE, level, mine + margin))
        leaves = (own[looked_at] != NONE) & (mine < level - margin) & ~joins
        found[looked_at[joins]] = best[joins]
        found[looked_at[leaves]] = NONE
    alone = looked_at[found[looked_at] == NONE]
    for number, rows in enumerate(alike(units[alone], int(level), 2) if len(alone) else [], start=families):
        found[alone[rows]] = number
    return _without_singles(_united(units, found, level + margin))


def _united(units: Units, own: Ints, needed: float) -> Ints:
    """Two families that are each other's nearest become one: the lower number stays."""
    families = int(own.max(initial=NONE)) + 1
    if not 2 <= families <= LOOKED_AT:
        return own
    kin = Kin.of(units, own, families)
    sizes = np.maximum(kin.counts[:, None] * kin.counts[None, :], 1)
    means = np.where(
        kin.counts[:, None] * kin.counts[None, :] > 0, kin.sums @ kin.sums.T / sizes, -float(ONE)
    )
    np.fill_diagonal(means, -float(ONE))
    nearest = means.argmax(axis=1)
    into: NDArray[np.int64] = np.arange(families + 1)  # the last is NONE's
    for family, other in enumerate(nearest):
        if family < other and nearest[other] == family and means[family, other] >= needed:
            into[other] = family
    united: Ints = np.where(own == NONE, NONE, into[own])
    return united


def _without_singles(own: Ints) -> Ints:
    """A theme that is left alone is no family."""
    inside = own != NONE
    sizes = np.bincount(own[inside], minlength=1)
    kept: Ints = np.where(inside & (sizes[np.where(inside, own, 0)] > 1), own, NONE)
    return kept
