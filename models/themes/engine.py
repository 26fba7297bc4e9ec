"""Themes of one tenant, found as its concerns arrive.

In: ``Point``s, retractions and ticks, one at a time. Out: ``Change``s. A concern joins the theme it is
near enough to, or waits; every few hundred concerns a pass (``passes``) forms, merges and refines themes.
Elsewhere: what it answers about its themes (``answers``), which changes nothing.
State: integers only (``state``); what is saved and loaded gives an engine that goes on bit by bit alike.
Nothing here reads a clock, a random source or the order of a hash table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from contracts.steering import ThemeOrder
from models.themes import persist
from models.themes.ahead import Ahead
from models.themes.answers import Answers
from models.themes.assigning import assigned, cosine
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
from models.themes.constraints import By
from models.themes.evidence import Evidence, Lexicon
from models.themes.founding import gathering
from models.themes.grid import Grid, Units
from models.themes.members import concern_hash
from models.themes.orders import carry_out
from models.themes.outgrowing import outgrown
from models.themes.passes import begin, go_on
from models.themes.placing import admit
from models.themes.policy import ThemePolicy
from models.themes.state import EngineState
from models.themes.teaching import unlearn_verdict
from models.themes.verdicts import propose_one


class ThemeEngine(Answers):
    """The theme engine of one tenant: what ``Answers`` is asked about, and what changes it."""

    def __init__(self, tenant: str, policy: ThemePolicy | None = None) -> None:
        super().__init__(EngineState(tenant, policy or ThemePolicy()))
        self._patience_s = min(self._state.policy.pool_after_s, self._state.policy.retire_after_s)
        self._ahead = Ahead()
        self._due_s = 0  # nothing can retire or expire before this; a shortcut only, so not saved

    def expect(self, points: Sequence[Point]) -> None:
        """These concerns are about to be added: each then takes less time, with very many themes a fraction of it.

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
        changes += self._arrive(slot, point)
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
        slots, at_s = np.fromiter(pool.values(), np.int64, len(pool)), np.frombuffer(shelf.at_s, np.int64)
        lately = slots[np.abs(at_s[slots] - at_s[slot]) <= policy.crowd_s]
        near = shelf.units[lately] @ shelf.units[slot] >= state.space.level(shelf.groups[slot]).threshold
        return int(np.count_nonzero(near)) > policy.crowd

    def _arrive(self, slot: int, point: Point) -> list[Change]:
        state = self._state
        concern, group = point.concern_id, point.group
        if state.space is None:
            return [Waiting(concern, None, None)]
        unit = state.lay(slot, self._ahead.raw(concern, point.vector, state.space))
        if concern in state.constraints.concerns:
            return [Waiting(concern, None, None), *admit(state)]
        book = state.themes.books.get(group)
        if book is None or not book.roots:
            return [Waiting(concern, None, None)]
        similar = self._ahead.similar(concern, unit, book, state.space)
        row = int(similar.argmax())
        if state.policy.outgrow_part and (grown := outgrown(state, slot, book, row, similar)):
            return grown
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

    def steer(self, order: ThemeOrder, by: By) -> list[Change]:
        """Obey what a person ordered, from here on; or say in one ``Ordered`` why not, and change nothing."""
        self._due_s = 0
        return carry_out(self._state, order, by)

    def call_duplicate(self, issue: str, duplicate_of: str, at_ms: int | None = None) -> list[Change]:
        """An issue of ours was called a duplicate of another one; what that proposes of their themes.

        The join model learns from it if people said so, as of ``at_ms``.
        """
        return [*propose_one(self._state, issue, duplicate_of, at_ms)]

    def call_off(self, issue: str, at_ms: int) -> None:
        """An issue of ours is no duplicate, as of ``at_ms``; what was proposed stays so."""
        unlearn_verdict(self._state, issue, at_ms)

    def listen_to(self, lexicon: Lexicon | None) -> None:
        """Whom to ask about words; to be given again after a restore."""
        self._state.lexicon = lexicon

    def learn(self, evidence: Evidence, correct: bool) -> None:
        """A person said whether an assignment with this evidence was right; the tenant's own model follows."""
        self._state.joins.learn(evidence, correct)
        self._state.dirty["joins"].add("model")

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
