"""The record of an assignment: how near, what comes second, and how sure that makes us.

In: a concern, the theme it goes to and the similarities to all. Out: ``Assigned``, with its evidence. Nothing here
changes anything; whether a concern joins is decided in ``engine`` and ``passes``.
"""

from __future__ import annotations

from typing import Literal

from models.themes.centroids import Book
from models.themes.changes import Assigned, Moved
from models.themes.company import company_milli
from models.themes.evidence import Evidence, weigh
from models.themes.grid import ONE, Units
from models.themes.refine import Home
from models.themes.state import EngineState


def assigned(
    state: EngineState, slot: int, book: Book, row: int, similar: Units, *, arrival: bool
) -> Assigned:
    """The record of an assignment to ``row``, given the similarities ``(k,)`` to all rows."""
    second = runner_up(similar, row)
    behind = 0 if second is None else int(similar[second])
    mine = int(similar[row])
    evidence = evidence_of(state, slot, book, row, mine, None if second is None else (second, behind))
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
    """The record of a move from the theme at row ``was``; to be made before it is done, or after a split."""
    evidence = evidence_of(state, slot, book, home.row, home.near, (home.second, home.behind))
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


def runner_up(similar: Units, row: int) -> int | None:
    """The row of the most similar theme beside ``row``; the lowest of equals, None if there is no other."""
    if len(similar) < 2:
        return None
    others = similar.copy()
    others[row] = float("-inf")
    return int(others.argmax())


def standing(state: EngineState, concern_id: str) -> Evidence | None:
    """The evidence, as things are now, for a concern being in its theme; None if it has none or is not held."""
    slot = state.shelf.slot_of.get(concern_id)
    if slot is None or state.shelf.origin[slot] < 0:
        return None
    root = state.themes.root(int(state.shelf.origin[slot]))
    book = state.themes.books[root.group]
    row, similar = book.row_of[root.ordinal], book.units @ state.shelf.units[slot]
    second = runner_up(similar, row)
    behind = None if second is None else (second, int(similar[second]))
    return evidence_of(state, slot, book, row, int(similar[row]), behind)


def evidence_of(
    state: EngineState, slot: int, book: Book, row: int, mine: int, behind: tuple[int, int] | None
) -> Evidence:
    """What speaks for a held concern being in the theme at ``row``; ``behind`` is the runner-up's row and similarity,
    these in 1/ONE."""
    shelf, root = state.shelf, book.roots[row]
    words = None
    if state.lexicon is not None:
        words = state.lexicon.overlap_milli(shelf.ids[slot], root.theme_id)
    concerns = state.background.counts[root.group]
    sizes = (int(book.total_n[row]), len(book.roots), concerns)
    company = None if behind is None else company_milli(state, slot, root, book.roots[behind[0]])
    return weigh((mine, 0 if behind is None else behind[1]), sizes, words, company)


def above_chance(state: EngineState, slot: int, mine: int) -> int:
    """A similarity (1/ONE) in thousandths of the background's standard deviation."""
    assert state.space is not None
    return round(1000 * mine / state.space.level(state.shelf.groups[slot]).spread)


def cosine(dot: int) -> float:
    """A similarity of the grid as people read it, four decimals."""
    return round(dot / ONE, 4)
