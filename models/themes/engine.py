"""Themes of one tenant, found as its concerns arrive.

In: ``Point``s, retractions and ticks, one at a time. Out: ``Change``s. A concern joins the theme it is
near enough to, or waits; every few hundred concerns a pass (``passes``) forms, merges and refines themes.
State: integers only (``state``); what is saved and loaded gives an engine that goes on bit by bit alike.
Nothing here reads a clock, a random source or the order of a hash table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from contracts.steering import ThemeOrder
from models.themes import persist
from models.themes.ahead import FEW_THEMES, Ahead
from models.themes.assigning import assigned, cosine, standing
from models.themes.centroids import Book, Origin
from models.themes.changes import (
    CentroidsChanged,
    Change,
    Point,
    Retired,
    Retracted,
    Returned,
    Unthemed,
    Waiting,
)
from models.themes.constraints import By, Constraints
from models.themes.evidence import Evidence, Lexicon
from models.themes.founding import gathering
from models.themes.grid import Grid, Units
from models.themes.members import WAITING, concern_hash
from models.themes.orders import carry_out
from models.themes.passes import begin, go_on
from models.themes.places import Places
from models.themes.placing import admit
from models.themes.policy import ThemePolicy
from models.themes.state import EngineState
from models.themes.twins import twins
from models.themes.whereabouts import StatePlaces


class GroupThemes(NamedTuple):
    """The living themes of a group by id: their centroids ``(k, components)``, their members, the joining threshold."""

    theme_ids: list[str]
    units: Units
    sizes: list[int]
    threshold: int


class ThemeEngine:
    """The theme engine of one tenant."""

    def __init__(self, tenant: str, policy: ThemePolicy | None = None) -> None:
        self._state = EngineState(tenant, policy or ThemePolicy())
        self._patience_s = min(self._state.policy.pool_after_s, self._state.policy.retire_after_s)
        self._ahead = Ahead()
        self._due_s = 0  # nothing can retire or expire before this; a shortcut only, so not saved

    @property
    def looks_ahead(self) -> bool:
        """Whether it gains anything to ``expect`` concerns."""
        return any(len(book.roots) >= FEW_THEMES for book in self._state.themes.books.values())

    def expect(self, points: Sequence[Point]) -> None:
        """These concerns are about to be added: with very many themes each then takes a fraction of the time.

        It changes nothing else; they may as well not come.
        """
        self._ahead.expect(points)

    def add(self, point: Point) -> list[Change]:
        """Take in one concern: it joins or waits; then a piece of a pass, if one is due or in progress.

        A concern that is already known is retracted first.
        """
        state = self._state
        changes: list[Change] = []
        if self.knows(point.concern_id):
            changes += self.remove(point.concern_id)
        slot = state.hold(point)
        self._due_s = min(self._due_s, point.at_s + self._patience_s)
        changes += self._arrive(slot)
        if state.policy.gather:
            changes += gathering(state, slot)
        while state.waiting_count() > state.policy.pool:
            changes.append(self._push_out())
        if state.job is None and (state.seen >= state.next_pass or self._is_crowded(slot)):
            begin(state)
        return [*changes, *self._go_on()]

    def _go_on(self) -> list[Change]:
        """A piece of a pass, if one is in progress and the tenant has not had more than its share of work."""
        state = self._state
        state.credit_us = min(state.credit_us + state.policy.pace_us, state.policy.burst_us)
        return go_on(state) if state.job is not None else []

    def _is_crowded(self, slot: int) -> bool:
        """Whether the concern waits among many that say the same at the same time."""
        state, shelf, policy = self._state, self._state.shelf, self._state.policy
        pool = state.pools.get(shelf.groups[slot], {})
        rested = state.seen - state.last_pass >= policy.crowd_apart
        if state.space is None or not rested or len(pool) <= policy.crowd or state.seen not in pool:
            return False
        slots = np.fromiter(pool.values(), np.int64, len(pool))
        near = shelf.units[slots] @ shelf.units[slot] >= state.space.level(shelf.groups[slot]).threshold
        at_s = shelf.at_s[slot]
        lately = sum(abs(shelf.at_s[other] - at_s) <= policy.crowd_s for other in slots[near])
        return bool(lately > policy.crowd)

    def _arrive(self, slot: int) -> list[Change]:
        state = self._state
        concern, group = state.shelf.ids[slot], state.shelf.groups[slot]
        if state.space is None:
            return [Waiting(concern, None, None)]
        unit = state.locate(slot)
        if concern in state.constraints.concerns:
            return [Waiting(concern, None, None), *admit(state)]
        book = state.themes.books.get(group)
        if book is None or not book.roots:
            return [Waiting(concern, None, None)]
        similar = self._ahead.similar(concern, unit, book, state.space)
        row = int(similar.argmax())
        if similar[row] < state.space.level(group).threshold:
            return [Waiting(concern, book.roots[row].theme_id, cosine(int(similar[row])))]
        return self._join(slot, book, row, similar)

    def _join(self, slot: int, book: Book, row: int, similar: Units) -> list[Change]:
        root = book.roots[row]
        changes: list[Change] = []
        if root.retired:
            self._state.retire(root, False)
            changes.append(Returned(root.theme_id))
        changes.append(assigned(self._state, slot, book, row, similar, arrival=True))
        self._state.join(slot, root)
        return [*changes, CentroidsChanged((root.theme_id,))]

    def _push_out(self) -> Change:
        """The longest waiting concern of the fullest pool, so that a busy group cannot starve a small one."""
        pools = self._state.pools
        group = min(pools, key=lambda g: (-len(pools[g]), g))
        slot = next(iter(pools[group].values()))
        concern = self._state.shelf.ids[slot]
        self._state.give_up(slot)
        return Unthemed(concern)

    def remove(self, concern_id: str, vector: Grid | None = None) -> list[Change]:
        """Take a concern back: its theme's sum and count become what they would be without it.

        Exact while the vector is held (window, pool, sample) or passed in; else the theme's mean is
        subtracted in its place, so counts stay exact and the centroid stays where it is.
        """
        state = self._state
        name = concern_hash(concern_id)
        ordinal = state.members.get(name)
        if ordinal is None:
            return []
        if ordinal < 0:
            state.forget(concern_id, name)
            return [Retracted(concern_id, None)]
        root = state.themes.root(ordinal)
        self._subtract(concern_id, state.themes.origins[ordinal], vector)
        state.forget(concern_id, name)
        changes: list[Change] = [Retracted(concern_id, root.theme_id)]
        if state.themes.family_size(root) == 0 and self._may_retire(root):
            changes.append(self._retire(root))
        return [*changes, CentroidsChanged((root.theme_id,))]

    def _subtract(self, concern_id: str, origin: Origin, vector: Grid | None) -> None:
        state = self._state
        assert state.space is not None
        slot = state.shelf.slot_of.get(concern_id)
        if slot is not None:
            state.leave(slot)
            return
        lost = origin.sum // origin.count if vector is None else vector.astype(np.int64)
        state.count(origin, lost, state.space.project(lost), -1, in_window=False)

    def tick(self, now_s: int) -> list[Change]:
        """Retire themes that nothing joins any more and give up on what waited too long; ``now_s`` is data."""
        state, changes, due = self._state, self._go_on(), list[int]()
        if now_s < self._due_s:
            return changes
        for _, slots in list(state.waiting()):
            for slot in slots:
                until = state.shelf.at_s[slot] + state.policy.pool_after_s
                if until > now_s:
                    due.append(state.shelf.at_s[slot] + self._patience_s)
                    continue
                changes.append(Unthemed(state.shelf.ids[slot]))
                state.give_up(int(slot))
        open_roots = [o for o in state.themes.origins if o.parent is None and not o.retired]
        before = now_s - state.policy.retire_after_s
        due += [root.last_at_s - before + now_s for root in open_roots if root.last_at_s > before]
        idle = [root for root in open_roots if root.last_at_s <= before and self._may_retire(root)]
        changes += [self._retire(root) for root in sorted(idle, key=lambda root: root.theme_id)]
        self._due_s = min(due, default=now_s + 1)
        return changes

    def _may_retire(self, root: Origin) -> bool:
        return not root.retired and self._state.constraints.get("pinned", root.theme_id) is None

    def _retire(self, root: Origin) -> Change:
        self._state.retire(root, True)
        return Retired(root.theme_id)

    def is_ordered(self, concern_id: str) -> bool:
        """Whether an order of a person is about the concern: then it is moved by orders alone, however old it is."""
        return concern_id in self._state.constraints.concerns

    def steer(self, order: ThemeOrder, by: By) -> list[Change]:
        """Obey what a person ordered, from here on; or say in one ``Ordered`` why not, and change nothing."""
        self._due_s = 0
        return carry_out(self._state, order, by)

    @property
    def constraints(self) -> Constraints:
        """What people ordered and still holds; not to be changed."""
        return self._state.constraints

    @property
    def places(self) -> Places:
        """Where every concern and theme is."""
        return StatePlaces(self._state)

    # -- how sure -------------------------------------------------------------------------------------

    def listen_to(self, lexicon: Lexicon | None) -> None:
        """Whom to ask about words; to be given again after a restore."""
        self._state.lexicon = lexicon

    def evidence(self, concern_id: str) -> Evidence | None:
        """What speaks now for a concern being in its theme; None if it is in none or its vector is not held."""
        return standing(self._state, concern_id)

    def p_milli(self, evidence: Evidence) -> int:
        """How likely an assignment with this evidence is right, 0 to 1000."""
        return self._state.joins.p_milli(evidence)

    def factors(self, evidence: Evidence) -> list[tuple[str, int]]:
        """What made it likely or unlikely, the strongest first: ``JoinModel.factors``."""
        return self._state.joins.factors(evidence)

    def learn(self, evidence: Evidence, correct: bool) -> None:
        """A person said whether an assignment with this evidence was right; the tenant's own model follows."""
        self._state.joins.learn(evidence, correct)
        self._state.dirty["joins"].add("model")

    # -- asking ---------------------------------------------------------------------------------------

    def nearest(self, vector: Grid, group: str, k: int) -> list[tuple[str, float]]:
        """The ``k`` nearest themes and their similarities, nearest first, ties by theme id."""
        book = self._state.themes.books.get(group)
        unit = self.decision_vector(vector, group)
        if book is None or unit is None:
            return []
        similar = book.units @ unit
        order = np.argsort(-similar, kind="stable")[:k]
        return [(book.roots[row].theme_id, cosine(int(similar[row]))) for row in order]

    @property
    def last_pass(self) -> int:
        """How many concerns had come when the latest pass began."""
        return self._state.last_pass

    @property
    def in_pass(self) -> bool:
        """Whether a pass is in progress."""
        return self._state.job is not None

    def groups(self) -> Iterator[GroupThemes]:
        """The themes of each group that have not retired."""
        space, books = self._state.space, self._state.themes.books
        if space is None:
            return
        for group, book in sorted(books.items()):
            rows = [row for row, root in enumerate(book.roots) if not root.retired]
            ids, sizes = [book.roots[row].theme_id for row in rows], book.total_n[rows].astype(np.int64)
            yield GroupThemes(ids, book.units[rows], sizes.tolist(), space.level(group).threshold)

    def twins(self, concern_id: str, themes: Sequence[str], *, waiting: bool) -> list[str]:
        """Earlier concerns still held of these origins that are nearly identical to a held one, earliest first."""
        return twins(self._state, concern_id, themes, waiting=waiting)

    def decision_vector(self, vector: Grid, group: str) -> Units | None:
        """``(components,)`` as compared with centroids; None before the first pass."""
        if self._state.space is None:
            return None
        return self._state.unit(self._state.space.project(vector), group)

    def centroid(self, theme_id: str) -> Units | None:
        """``(components,)`` integers in float32; None when the theme is read as another or unknown."""
        origin = self._state.themes.by_id.get(theme_id)
        book = self._state.themes.books.get(origin.group) if origin else None
        if origin is None or book is None or origin.ordinal not in book.row_of:
            return None
        centroid: Units = book.units[book.row_of[origin.ordinal]].copy()
        return centroid

    @property
    def settled(self) -> int:
        """So many of the first concerns are never moved again; those of them that wait may still join or give up."""
        return self._state.horizon

    def knows(self, concern_id: str) -> bool:
        """Whether the concern came and was not retracted."""
        return self._state.members.get(concern_hash(concern_id)) is not None

    def waits(self, concern_id: str) -> bool:
        """Whether a concern waits for a theme."""
        return self._state.members.get(concern_hash(concern_id)) == WAITING

    def ordinal(self, theme_id: str) -> int:
        """The place of a theme among all that were ever born."""
        return self._state.themes.by_id[theme_id].ordinal

    def theme_at(self, ordinal: int) -> str:
        """The inverse of ``ordinal``."""
        return self._state.themes.origins[ordinal].theme_id

    def resolve(self, theme_id: str) -> str:
        """The theme that ``theme_id`` is read as, through merges."""
        return self._state.themes.root(self._state.themes.by_id[theme_id].ordinal).theme_id

    def theme_of(self, concern_id: str) -> str | None:
        """The theme that a concern is in, through merges; None if it waits, is unthemed or unknown."""
        ordinal = self._state.members.get(concern_hash(concern_id))
        return None if ordinal is None or ordinal < 0 else self._state.themes.root(ordinal).theme_id

    def sizes(self) -> dict[str, int]:
        """Members by theme, merged ones included; sorted by theme id."""
        books = self._state.themes.books.values()
        found = {
            root.theme_id: int(book.total_n[row]) for book in books for row, root in enumerate(book.roots)
        }
        return dict(sorted(found.items()))

    # -- state ----------------------------------------------------------------------------------------

    def state_changes(self) -> Iterator[tuple[str, str, Any]]:
        """Rows ``(table, key, value)`` that changed since the last call, in order; None: the row is gone."""
        return persist.changes(self._state)

    def load(self, table: str, key: str, value: Any) -> None:
        """Take up one row; call ``restore_small`` and then ``rebuild`` once all are loaded."""
        persist.load(self._state, table, key, value)

    def small_state(self) -> dict[str, Any]:
        """The few numbers that are not rows."""
        return persist.small(self._state)

    def restore_small(self, small: Mapping[str, Any]) -> None:
        """Take up the few numbers."""
        persist.restore_small(self._state, small)

    def rebuild(self) -> None:
        """Make all that is derived from the loaded rows."""
        persist.rebuild(self._state)
        self._due_s = 0
