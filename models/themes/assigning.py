"""The record of an assignment: how near, what comes second, and how sure that makes us.

In: a concern, the theme it goes to and the similarities to all. Out: ``Assigned``, with its evidence. Nothing here
changes anything; whether a concern joins is decided in ``engine`` and ``passes``.
"""

from __future__ import annotations

import math
from typing import Literal

from models.themes.centroids import Book
from models.themes.changes import Assigned, Moved
from models.themes.company import OTHERS, company_of
from models.themes.evidence import Evidence, weigh
from models.themes.grid import ONE, Units
from models.themes.refine import Home
from models.themes.state import EngineState

Rows = tuple[int, ...]


def assigned(
    state: EngineState, slot: int, book: Book, row: int, similar: Units, *, arrival: bool
) -> Assigned:
    """The record of an assignment to ``row``, given the similarities ``(k,)`` to all rows."""
    others = runners_up(similar, row)
    second = others[0] if others else None
    behind = 0 if second is None else int(similar[second])
    mine = int(similar[row])
    evidence = evidence_of(state, slot, book, row, others)
    return Assigned(
        concern_id=state.shelf.ids[slot],
        theme_id=book.roots[row].theme_id,
        similarity=cosine(mine),
        z_milli=above_chance(state, slot, mine),
        runner_up_theme=None if second is None else book.roots[second].theme_id,
        runner_up_similarity=None if second is None else cosine(behind),
        arrival=arrival,
        p_milli=state.joins.p_milli(evidence),
        evidence=evidence,
    )


def moved(
    state: EngineState,
    slot: int,
    book: Book,
    was: int,
    home: Home,
    why: Literal["nearer", "split"] = "nearer",
) -> Moved:
    """The record of a move from the theme at row ``was``; to be made before it is done, or after a split.

    Beside the next best the theme that it leaves is looked at: to compare it with all themes again would take long.
    """
    evidence = evidence_of(state, slot, book, home.row, tuple(dict.fromkeys((home.second, was))))
    return Moved(
        concern_id=state.shelf.ids[slot],
        from_theme=book.roots[was].theme_id,
        to_theme=book.roots[home.row].theme_id,
        similarity=cosine(home.near),
        why=why,
        z_milli=above_chance(state, slot, home.near),
        runner_up_theme=book.roots[home.second].theme_id,
        runner_up_similarity=cosine(home.behind),
        p_milli=state.joins.p_milli(evidence),
        evidence=evidence,
    )


def runners_up(similar: Units, row: int, most: int = OTHERS) -> Rows:
    """The rows of the most similar themes beside ``row``, the first the most; of equals the lowest first."""
    others, found = similar.copy(), list[int]()
    others[row] = -math.inf
    for _ in range(min(most, len(similar) - 1)):
        found.append(int(others.argmax()))
        others[found[-1]] = -math.inf
    return tuple(found)


def standing(state: EngineState, concern_id: str) -> Evidence | None:
    """The evidence, as things are now, for a concern being in its theme; None if it has none or is not held."""
    slot = state.shelf.slot_of.get(concern_id)
    if slot is None or state.shelf.origin[slot] < 0:
        return None
    root = state.themes.root(int(state.shelf.origin[slot]))
    book = state.themes.books[root.group]
    row, similar = book.row_of[root.ordinal], book.units @ state.shelf.units[slot]
    return evidence_of(state, slot, book, row, runners_up(similar, row))


def evidence_of(state: EngineState, slot: int, book: Book, row: int, others: Rows) -> Evidence:
    """What speaks for a held concern being in the theme at ``row``; ``others`` are the rows that come next."""
    shelf, root = state.shelf, book.roots[row]
    words = None
    if state.lexicon is not None:
        words = state.lexicon.overlap_milli(shelf.ids[slot], root.theme_id)
    concerns = state.background.counts[root.group]
    sizes = (int(book.total_n[row]), len(book.roots), concerns)
    company = company_of(state, slot, root, [book.roots[other] for other in others]) if others else None
    return weigh(sizes, words, company)


def above_chance(state: EngineState, slot: int, mine: int) -> int:
    """A similarity (1/ONE) in thousandths of the background's standard deviation."""
    assert state.space is not None
    return round(1000 * mine / state.space.level(state.shelf.groups[slot]).spread)


def cosine(dot: int) -> float:
    """A similarity of the grid as people read it, four decimals."""
    return round(dot / ONE, 4)
