"""Ask the vector index what is nearest, and count where it differs from the stage's own mirror.

In:    the index, the centroids the stage decides against, and vectors to ask for.
Out:   how many were asked and every disagreement; a metric on it must stay 0.
State: none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from contracts.vectors import GridVector, ThemePoint

Answer = tuple[str, int] | None
"""A theme and its exact dot product, or None when the group has no theme."""


class NearestTheme(Protocol):
    """The part of ``operators.ports.VectorIndex`` that is audited."""

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its dot product."""
        ...


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One question that got two answers."""

    group: str
    from_mirror: Answer
    from_index: tuple[str, float] | None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """``asked``: number of questions; ``found``: those that got two answers, in the order asked."""

    asked: int
    found: tuple[Disagreement, ...]

    @property
    def disagreements(self) -> int:
        """Number of questions that got two answers; anything but 0 is a defect."""
        return len(self.found)


@dataclass(slots=True)
class AuditTally:
    """Questions and disagreements of one process since its start; the second must stay 0.

    ``skipped``: questions that were not asked because the index was behind.
    """

    asked: int = 0
    disagreements: int = 0
    skipped: int = 0

    def add(self, report: AuditReport) -> None:
        """Count one report."""
        self.asked += report.asked
        self.disagreements += report.disagreements


def audit_themes(
    index: NearestTheme,
    mirror: Iterable[ThemePoint],
    queries: Iterable[tuple[str, GridVector]],
    tenant: str,
) -> AuditReport:
    """Compare ``index`` with an exact integer search over ``mirror``, for each (group, vector) asked.

    ``mirror`` is all centroids of the tenant, vectors ``(d,)`` int16. Id and product must both agree; ties
    go to the lowest id.
    """
    exact = _by_group(mirror)
    asked = 0
    found: list[Disagreement] = []
    for group, vector in queries:
        asked += 1
        expected = _nearest(exact.get(group), vector)
        answered = index.nearest_theme(tenant, group, vector)
        if answered != expected:
            found.append(Disagreement(group, expected, answered))
    return AuditReport(asked, tuple(found))


@dataclass(frozen=True, slots=True)
class _Group:
    ids: tuple[str, ...]
    rows: npt.NDArray[np.int64]


def _by_group(mirror: Iterable[ThemePoint]) -> dict[str, _Group]:
    points: dict[str, list[ThemePoint]] = {}
    for point in mirror:
        points.setdefault(point.group, []).append(point)
    return {
        group: _Group(
            tuple(point.theme_id for point in members),
            np.stack([point.vector for point in members]).astype(np.int64),
        )
        for group, members in points.items()
    }


def _nearest(group: _Group | None, vector: GridVector) -> Answer:
    if group is None:
        return None
    products = group.rows @ vector.astype(np.int64)
    best = int(products.max())
    return min(group.ids[row] for row in np.flatnonzero(products == best)), best
