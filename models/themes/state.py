"""Everything the engine knows of a tenant, and the few ways in which it may change.

Each way keeps what is derived (centroids, pools, the sample) in step with what is stored, and notes which
rows of the state log changed. Decisions are elsewhere: arrival in ``engine``, the rest in ``passes``.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.themes.background import Background, Space, centred_one
from models.themes.centroids import Origin, Themes
from models.themes.changes import Point
from models.themes.constraints import Constraints
from models.themes.evidence import Lexicon
from models.themes.grid import Floats, Units, Whole
from models.themes.join_model import JoinModel
from models.themes.latest import Latest
from models.themes.members import UNTHEMED, WAITING, Members, concern_hash
from models.themes.pairs import Pairs
from models.themes.policy import ThemePolicy
from models.themes.rosters import Rosters
from models.themes.shelf import Raw, Shelf, Slots

SIZE = 384
"""Dimensions of a vector."""

TABLES = ("background", "joins", "space", "themes", "sums", "vectors")
"""Tables of marked rows; ``members`` keeps its own account of what changed."""


Place = list[Any]
"""Where a phase of a pass stands: a few JSON-able values, empty at its start."""

Job = tuple[str, Place]
"""A pass in progress: the phase it is in, and where that stands."""


@dataclass(slots=True)
class Prepared:
    """Held vectors ``raw`` (by slot) and themes' ``sums`` (by ordinal) along the directions of the next space.

    ``upto`` is the arrival number up to which vectors are done. Made from what is stored, so never saved.
    """

    raw: Raw
    sums: Floats
    upto: int = 0


class EngineState:
    """Stored: ``background joins members pairs space themes vectors`` and some numbers; all else is made from them."""

    def __init__(self, tenant: str, policy: ThemePolicy) -> None:
        self.tenant = tenant
        self.policy = policy
        self.background = Background(SIZE)
        self.shelf = Shelf(SIZE, policy.components)
        self.latest = Latest()
        self.members = Members()
        self.themes = Themes(tenant)
        self.rosters = Rosters()
        self.constraints = Constraints()
        self.space: Space | None = None
        self.joins = JoinModel()
        self.pairs = Pairs()
        self.lexicon: Lexicon | None = None
        """Who knows the words; not stored."""
        self.pools: dict[str, dict[int, int]] = {}
        self.sample: dict[int, int] = {}
        self._sample_heap: list[int] = []
        self.sample_bound = 2**64
        """Concerns hash below this are in the sample; it only falls."""
        self.seen = 0
        self.horizon = 0
        """Concerns with a higher arrival number are in the window; it moves at a pass only."""
        self.last_pass = 0
        self.next_pass = policy.warm_up
        self.next_fit = policy.warm_up
        self.checked_at = 0
        """How many concerns had been seen when a pass last began to look for themes that are one."""
        self.credit_us = policy.burst_us
        self.usual_milli: int | None = None
        """What ``quality`` is usual at the end of a pass; None before it was measured."""
        self.job: Job | None = None
        self.next_basis: Floats | None = None
        """Directions that a pass in progress is about to take up."""
        self.prepared: Prepared | None = None
        self.dirty: dict[str, set[str]] = {table: set() for table in TABLES}
        self.loading: dict[str, dict[str, Any]] = {table: {} for table in TABLES}

    # -- holding vectors ------------------------------------------------------------------------------

    def hold(self, point: Point) -> int:
        """Take in a new concern, waiting; its slot."""
        self.seen += 1
        self.background.learn_one(point.vector, point.group)
        name = concern_hash(point.concern_id)
        slot = self.shelf.put(point.concern_id, name, self.seen, point.group, point.at_s, point.vector)
        self.dirty["background"].add(point.group)
        self.dirty["vectors"].add(point.concern_id)
        self.members.put(name, WAITING)
        self.pools.setdefault(point.group, {})[self.seen] = slot
        self.offer(slot)
        return slot

    def offer(self, slot: int) -> None:
        """Let a concern into the sample if its hash is low enough, and the highest out if that is one too many."""
        name = int(self.shelf.names[slot])
        if name >= self.sample_bound:
            return
        self.sample[name] = slot
        if self._sample_heap:
            heapq.heappush(self._sample_heap, -name)
        while len(self.sample) > self.policy.sample:
            if not self._sample_heap:  # only now: until the sample is full, nobody asks for the highest
                self._sample_heap = [-other for other in self.sample]
                heapq.heapify(self._sample_heap)
            highest = -heapq.heappop(self._sample_heap)
            out = self.sample.pop(highest, None)
            if out is not None:
                self.sample_bound = highest
                self.release(out)

    def release_old(self) -> None:
        """Let go of every vector that nothing needs any more."""
        shelf, slots = self.shelf, self.shelf.slots()
        old = slots[(shelf.seq[slots] <= self.horizon) & (shelf.origin[slots] != WAITING)]
        sampled = np.zeros(len(shelf.seq), np.bool_)  # most of what is old; to ask for each would take long
        sampled[np.fromiter(self.sample.values(), np.int64, len(self.sample))] = True
        for slot in old[~sampled[old]].tolist():
            self.release(slot)

    def release(self, slot: int) -> None:
        """Let go of a vector that nothing needs any more."""
        shelf = self.shelf
        if shelf.seq[slot] > self.horizon or shelf.origin[slot] == WAITING:
            return
        if int(shelf.names[slot]) not in self.sample and shelf.ids[slot] not in self.constraints.concerns:
            self._unlist(slot)
            self.dirty["vectors"].add(shelf.free(slot))

    def window(self) -> Slots:
        """Slots of the window that have a theme, by arrival."""
        slots = self.shelf.since(self.horizon)
        return slots[self.shelf.origin[slots] >= 0]

    def members_in_window(self, root: Origin) -> Slots:
        """Slots of the window's concerns that are in a theme, by arrival."""
        return self.rosters.since(root.ordinal, self.horizon)

    def waiting(self) -> Iterator[tuple[str, Slots]]:
        """Each group's pool, by arrival."""
        for group in sorted(self.pools):
            pool = self.pools[group]
            yield group, np.fromiter(pool.values(), np.int64, len(pool))

    def without_theme(self) -> Iterator[tuple[str, Slots]]:
        """Each group's concerns that wait, or that were given up and are still in the window; by arrival."""
        shelf, slots = self.shelf, self.shelf.slots()
        given_up = slots[(shelf.origin[slots] == UNTHEMED) & (shelf.seq[slots] > self.horizon)]
        found = {group: list(pool.values()) for group, pool in self.pools.items()}
        for slot in given_up:
            found.setdefault(shelf.groups[slot], []).append(int(slot))
        for group in sorted(found):
            here = np.array(found[group], np.int64)
            yield group, here[np.argsort(shelf.seq[here])]

    def waiting_count(self) -> int:
        """Concerns that wait, in all groups."""
        return sum(len(pool) for pool in self.pools.values())

    # -- where a concern belongs ----------------------------------------------------------------------

    def locate(self, slot: int) -> Units:
        """Project a held vector into the decision space; its unit."""
        assert self.space is not None
        return self.lay(slot, self.space.project(self.shelf.vectors[slot]))

    def lay(self, slot: int, raw: Floats) -> Units:
        """Take up where a held vector lies along the directions; its unit."""
        shelf = self.shelf
        unit = self.unit(raw, shelf.groups[slot])
        shelf.raw[slot], shelf.units[slot] = raw, unit
        return unit

    def unit(self, raw: Floats, group: str) -> Units:
        """A projected vector as it is compared."""
        assert self.space is not None
        return centred_one(raw, self.space.level(group).origin)

    def join(self, slot: int, root: Origin, *, counted: bool = False) -> None:
        """Make a concern a member of ``root``; ``counted``: the root's sum has it already."""
        shelf = self.shelf
        if shelf.origin[slot] == WAITING:
            del self.pools[shelf.groups[slot]][int(shelf.seq[slot])]
        self._mark(slot, root.ordinal)
        if counted:
            return
        root.last_at_s = max(root.last_at_s, shelf.at_s[slot])
        self.count(root, shelf.vectors[slot], shelf.raw[slot], 1, in_window=self.in_window(slot))

    def leave(self, slot: int) -> None:
        """Take a held concern out of its theme, exactly."""
        origin = self.themes.origins[int(self.shelf.origin[slot])]
        self.count(origin, self.shelf.vectors[slot], self.shelf.raw[slot], -1, in_window=self.in_window(slot))

    def count(self, origin: Origin, vector: Whole, raw: Floats | Raw, by: int, *, in_window: bool) -> None:
        """Add (``by`` 1) or subtract (-1) a vector from an origin and from its root's centroid."""
        origin.add(vector, by)
        root = self.themes.root(origin.ordinal)
        self.touch(origin, root)
        self.dirty["sums"].add(origin.theme_id)
        book = self.themes.books[root.group]
        book.change(book.row_of[root.ordinal], raw, by, in_window=in_window)

    def touch(self, *origins: Origin) -> None:
        """Note that these themes are not what they were."""
        for origin in origins:
            origin.changed_at = self.seen
            self.dirty["themes"].add(origin.theme_id)
            self.themes.mark(origin)

    def retire(self, root: Origin, retired: bool) -> None:
        """Close a theme to the pass, or open it again."""
        root.retired = retired
        self.dirty["themes"].add(root.theme_id)
        self.themes.mark(root)

    def give_up(self, slot: int) -> None:
        """A waiting concern waits no more."""
        del self.pools[self.shelf.groups[slot]][int(self.shelf.seq[slot])]
        self._mark(slot, UNTHEMED)
        self.release(slot)

    def forget(self, concern_id: str, name: int) -> None:
        """Drop what is held of a concern that is in no theme any more."""
        self.members.drop(name)
        slot = self.shelf.slot_of.get(concern_id)
        if slot is None:
            return
        self.pools.get(self.shelf.groups[slot], {}).pop(int(self.shelf.seq[slot]), None)
        self.sample.pop(name, None)
        self._unlist(slot)
        self.dirty["vectors"].add(self.shelf.free(slot))

    def in_window(self, slot: int) -> bool:
        """Whether a pass may move the concern."""
        return bool(self.shelf.seq[slot] > self.horizon)

    def make_books(self) -> None:
        """Make the centroids again from what is stored."""
        assert self.space is not None
        self.themes.make_books(self.space, self.policy.history_weight, self.held())

    def held(self) -> tuple[Floats, NDArray[np.int32]]:
        """The window's projected vectors, and the origin of each."""
        return self.owned(self.window())

    def owned(self, slots: Slots) -> tuple[Floats, NDArray[np.int32]]:
        """Projected vectors at ``slots``, and the origin of each."""
        return self.shelf.raw[slots].astype(np.float64), self.shelf.origin[slots]

    def place(self, slot: int, ordinal: int) -> None:
        """Note the origin that a held concern is in, or a mark of ``members``; its sums are another matter."""
        self._unlist(slot)
        self.shelf.origin[slot] = ordinal
        self.enlist(slot)

    def enlist(self, slot: int) -> None:
        """Put a held concern on the roster of its theme, if it has one."""
        ordinal = int(self.shelf.origin[slot])
        if ordinal >= 0:
            self.rosters.add(self.themes.root(ordinal).ordinal, int(self.shelf.seq[slot]), slot)

    def list_anew(self) -> None:
        """Make all rosters again: themes were taken apart."""
        self.rosters.clear()
        for slot in self.shelf.slots().tolist():
            self.enlist(slot)

    def _unlist(self, slot: int) -> None:
        ordinal = int(self.shelf.origin[slot])
        if ordinal >= 0:
            self.rosters.drop(self.themes.root(ordinal).ordinal, int(self.shelf.seq[slot]))

    def _mark(self, slot: int, ordinal: int) -> None:
        self.place(slot, ordinal)
        self.members.put(int(self.shelf.names[slot]), ordinal)
