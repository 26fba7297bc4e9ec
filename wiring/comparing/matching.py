"""Which theme of one run is which theme of another: by the concerns that both hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Below this the two share so little that calling one the other would mislead: one vanished, the other is new.
MIN_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    """Theme ``after`` goes on with what ``before`` was: they share so many concerns.

    ``confidence``: the shared concerns as a share of the larger of the two (0 to 1), both counted among the concerns
    that are in both runs; 1 is the same members.
    """

    before: str
    after: str
    shared: int
    confidence: float


def match_themes(
    before: Mapping[str, str], after: Mapping[str, str], min_confidence: float = MIN_CONFIDENCE
) -> list[Match]:
    """One-to-one, with the most shared concerns in all; among equals the same id. By shared concerns, then ids.

    In: the theme of each concern in both runs; concerns of one run alone are left out.
    """
    common = [name for name in before if name in after]
    shared = Counter((before[name], after[name]) for name in common)
    sizes_before = Counter(before[name] for name in common)
    sizes_after = Counter(after[name] for name in common)
    matches = [
        Match(one, other, count, count / max(sizes_before[one], sizes_after[other]))
        for one, other, count in _assigned(shared)
    ]
    kept = [match for match in matches if match.confidence >= min_confidence]
    return sorted(kept, key=lambda match: (-match.shared, match.before))


def agreement(before: Mapping[str, str], after: Mapping[str, str]) -> float | None:
    """The adjusted Rand index of both, over the concerns that are themed in both; None without any.

    Hubert and Arabie, Comparing Partitions, 1985: 1 is the same groups, 0 what chance alone gives.
    """
    common = [name for name in before if name in after]
    if not common:
        return None
    # Two seconds to load, which other commands need not wait for.
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(_numbered(before, common), _numbered(after, common)))


def _numbered(themes: Mapping[str, str], names: list[str]) -> list[int]:
    numbers: dict[str, int] = {}
    return [numbers.setdefault(themes[name], len(numbers)) for name in names]


def _assigned(shared: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    """The maximum matching of a sparse table, solved for each group of themes that share anything."""
    rows = sorted({one for one, _ in shared})
    columns = sorted({other for _, other in shared})
    if not shared:
        return []
    row_of = {name: n for n, name in enumerate(rows)}
    column_of = {name: n for n, name in enumerate(columns)}
    places = [(row_of[one], column_of[other]) for one, other in shared]
    links = coo_array(
        (np.ones(len(places)), ([r for r, _ in places], [len(rows) + c for _, c in places])),
        shape=(len(rows) + len(columns),) * 2,
    )
    count, group_of = connected_components(links, directed=False)
    members: list[tuple[list[str], list[str]]] = [([], []) for _ in range(count)]
    for name, n in row_of.items():
        members[group_of[n]][0].append(name)
    for name, n in column_of.items():
        members[group_of[len(rows) + n]][1].append(name)
    return [found for group in members for found in _solved(*group, shared)]


def _solved(
    rows: list[str], columns: list[str], shared: Mapping[tuple[str, str], int]
) -> list[tuple[str, str, int]]:
    # The same id decides among equals, and all the same ids together never against one concern.
    weights = np.zeros((len(rows), len(columns)))
    for r, one in enumerate(rows):
        for c, other in enumerate(columns):
            weights[r, c] = shared.get((one, other), 0) * (len(rows) + 1) + (one == other)
    chosen = zip(*linear_sum_assignment(weights, maximize=True), strict=True)
    pairs = ((rows[r], columns[c]) for r, c in chosen)
    return [(one, other, shared[one, other]) for one, other in pairs if (one, other) in shared]
