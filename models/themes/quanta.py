"""A pass as small steps, so many before each record: what a step gives back, and what it is reckoned to cost.

Costs are estimated from sizes and never measured, so where a pass is at a record depends on the records alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from models.themes.changes import CentroidsChanged, Change
from models.themes.state import Place


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a phase did: ``changes`` in order, where it stands (None: done), and its cost.

    ``work_us`` is the estimate in microseconds of a common core.
    """

    changes: list[Change] = field(default_factory=list)
    place: Place | None = None
    work_us: int = 0


def product_us(rows: int, depth: int, columns: int, *, wide: bool = False) -> int:
    """Cost of a matrix product ``(rows, depth) @ (depth, columns)`` in float32, or ``wide``: in float64."""
    return rows * depth * columns // (8_000 if wide else 16_000) + 20


def gathered(changes: list[Change]) -> list[Change]:
    """The changes with one list of centroids, at the end."""
    others: list[Change] = [change for change in changes if not isinstance(change, CentroidsChanged)]
    themes = {theme for c in changes if isinstance(c, CentroidsChanged) for theme in c.theme_ids}
    return [*others, CentroidsChanged(tuple(sorted(themes)))] if themes else others
