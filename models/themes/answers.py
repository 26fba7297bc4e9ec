"""What one tenant's themes are, for whoever asks.

In: ids of concerns and themes, vectors. Out: where they are, how near, how sure. Asking changes nothing.
Elsewhere: what changes them (``engine``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models.themes.alike import Alike, alike
from models.themes.assigning import cosine, standing
from models.themes.constraints import Constraints
from models.themes.evidence import Evidence
from models.themes.grid import Grid, Units
from models.themes.members import WAITING, concern_hash
from models.themes.places import Places
from models.themes.state import EngineState
from models.themes.twins import twins
from models.themes.whereabouts import StatePlaces


class GroupThemes(NamedTuple):
    """The living themes of a group by id: their centroids ``(k, components)``, their members, the joining threshold."""

    theme_ids: list[str]
    units: Units
    sizes: list[int]
    threshold: int


class Answers:
    """What is asked of a theme engine; ``ThemeEngine`` is one of these."""

    def __init__(self, state: EngineState) -> None:
        self._state = state

    # -- concerns -----------------------------------------------------------------------------------------

    def knows(self, concern_id: str) -> bool:
        """Whether the concern came and was not retracted."""
        return self._state.members.get(concern_hash(concern_id)) is not None

    def waits(self, concern_id: str) -> bool:
        """Whether a concern waits for a theme."""
        return self._state.members.get(concern_hash(concern_id)) == WAITING

    @property
    def settled(self) -> int:
        """So many of the first concerns are never moved again; those of them that wait may still join or give up."""
        return self._state.horizon

    def theme_of(self, concern_id: str) -> str | None:
        """The theme that a concern is in, through merges; None if it waits, is unthemed or unknown."""
        ordinal = self._state.members.get(concern_hash(concern_id))
        return None if ordinal is None or ordinal < 0 else self._state.themes.root(ordinal).theme_id

    def is_ordered(self, concern_id: str) -> bool:
        """Whether an order of a person is about the concern: then it is moved by orders alone, however old it is."""
        return concern_id in self._state.constraints.concerns

    def twins(self, concern_id: str, themes: Sequence[str], *, waiting: bool) -> list[str]:
        """Earlier concerns still held of these origins that are nearly identical to a held one, earliest first."""
        return twins(self._state, concern_id, themes, waiting=waiting)

    def alike(self, concern_id: str, most: int) -> Alike | None:
        """The ``most`` held concerns nearest to a held one, with when they came; None while there are fewer."""
        return alike(self._state, concern_id, most)

    # -- themes -------------------------------------------------------------------------------------------

    def groups(self) -> Iterator[GroupThemes]:
        """The themes of each group that have not retired."""
        space, books = self._state.space, self._state.themes.books
        if space is None:
            return
        for group, book in sorted(books.items()):
            rows = [row for row, root in enumerate(book.roots) if not root.retired]
            ids, sizes = [book.roots[row].theme_id for row in rows], book.total_n[rows].astype(np.int64)
            yield GroupThemes(ids, book.units[rows], sizes.tolist(), space.level(group).threshold)

    def sizes(self) -> dict[str, int]:
        """Members by theme, merged ones included; sorted by theme id."""
        books = self._state.themes.books.values()
        found = {
            root.theme_id: int(book.total_n[row]) for book in books for row, root in enumerate(book.roots)
        }
        return dict(sorted(found.items()))

    def centroid(self, theme_id: str) -> Units | None:
        """``(components,)`` integers in float32; None when the theme is read as another or unknown."""
        origin = self._state.themes.by_id.get(theme_id)
        book = self._state.themes.books.get(origin.group) if origin else None
        if origin is None or book is None or origin.ordinal not in book.row_of:
            return None
        centroid: Units = book.units[book.row_of[origin.ordinal]].copy()
        return centroid

    def ordinal(self, theme_id: str) -> int:
        """The place of a theme among all that were ever born."""
        return self._state.themes.by_id[theme_id].ordinal

    def theme_at(self, ordinal: int) -> str:
        """The inverse of ``ordinal``."""
        return self._state.themes.origins[ordinal].theme_id

    def resolve(self, theme_id: str) -> str:
        """The theme that ``theme_id`` is read as, through merges."""
        return self._state.themes.root(self._state.themes.by_id[theme_id].ordinal).theme_id

    # -- vectors ------------------------------------------------------------------------------------------

    def decision_vector(self, vector: Grid, group: str) -> Units | None:
        """``(components,)`` as compared with centroids; None before the first pass."""
        if self._state.space is None:
            return None
        return self._state.unit(self._state.space.project(vector), group)

    def nearest(self, vector: Grid, group: str, k: int) -> list[tuple[str, float]]:
        """The ``k`` nearest themes and their similarities, nearest first, ties by theme id."""
        book = self._state.themes.books.get(group)
        unit = self.decision_vector(vector, group)
        if book is None or unit is None:
            return []
        similar = book.units @ unit
        order = np.argsort(-similar, kind="stable")[:k]
        return [(book.roots[row].theme_id, cosine(int(similar[row]))) for row in order]

    # -- how sure -----------------------------------------------------------------------------------------

    def evidence(self, concern_id: str) -> Evidence | None:
        """What speaks now for a concern being in its theme; None if it is in none or its vector is not held."""
        return standing(self._state, concern_id)

    def p_milli(self, evidence: Evidence) -> int:
        """How likely an assignment with this evidence is right, 0 to 1000."""
        return self._state.joins.p_milli(evidence)

    def factors(self, evidence: Evidence) -> list[tuple[str, int]]:
        """What made it likely or unlikely, the strongest first: ``JoinModel.factors``."""
        return self._state.joins.factors(evidence)

    # -- the whole ----------------------------------------------------------------------------------------

    @property
    def constraints(self) -> Constraints:
        """What people ordered and still holds; not to be changed."""
        return self._state.constraints

    @property
    def places(self) -> Places:
        """Where every concern and theme is."""
        return StatePlaces(self._state)

    @property
    def last_pass(self) -> int:
        """How many concerns had come when the latest pass began."""
        return self._state.last_pass

    @property
    def in_pass(self) -> bool:
        """Whether a pass is in progress."""
        return self._state.job is not None
