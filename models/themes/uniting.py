"""Make pairs of themes one: what both merging (``passes``) and folding (``folds``) do in the end.

In: pairs of rows that should be one. Out: what changed; the larger one's name stays. What people guard is proposed,
what they keep apart is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from models.themes.assigning import cosine
from models.themes.centroids import Origin
from models.themes.changes import CentroidsChanged, Change, Merged
from models.themes.proposals import may_merge, propose_merge
from models.themes.state import EngineState


def united(
    state: EngineState, group: str, pairs: Iterable[tuple[int, int, int]], needed: int
) -> list[Change]:
    """Make the themes at rows ``(a, b)`` one, for each (a, b, likeness in 1/ONE); ``needed`` was the bar."""
    book, merged, changes, into = (
        state.themes.books[group],
        list[tuple[int, int]](),
        list[Change](),
        list[str](),
    )
    for a, b, near in pairs:
        if book.total_n[b] > book.total_n[a]:
            a, b = b, a
        one, two = book.roots[a], book.roots[b]
        may = may_merge(state, one, two)
        if one.retired or two.retired or may == "never":
            continue
        if may == "propose":
            changes += propose_merge(state, two, one, cosine(near), cosine(needed))
            continue
        merge(state, two, one)
        sizes = int(book.total_n[b]), int(book.total_n[a])
        changes.append(Merged(two.theme_id, one.theme_id, cosine(near), cosine(needed), *sizes))
        merged.append((b, a))
        into.append(one.theme_id)
    if merged:
        state.themes.absorb(group, merged)
        changes.append(CentroidsChanged(tuple(into)))
    return changes


def merge(state: EngineState, gone: Origin, into: Origin) -> None:
    """Read one root as another; the books must be told after."""
    gone.parent = into.ordinal
    state.rosters.absorb(gone.ordinal, into.ordinal)
    into.last_at_s = max(into.last_at_s, gone.last_at_s)
    state.touch(gone, into)
