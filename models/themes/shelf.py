"""The vectors that are still needed: the latest concerns, those that wait, and the background sample.

One slot per concern in arrays that are reused, so memory follows the policy and not the stream.
Which slot a concern has is never visible in a result: ``slots`` lists them by arrival.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from models.themes.grid import Grid, Units
from models.themes.members import WAITING

Slots = NDArray[np.int64]
Raw = NDArray[np.int32]


class Shelf:
    """Arrays indexed by slot: ``vectors`` (d,), ``raw`` (projected, exact), ``units`` (on the grid),
    ``seq`` (arrival number), ``origin`` (theme ordinal or a mark of ``members``), ``names`` (hash), ``codes``
    (a number for each group, made as groups come)."""

    def __init__(self, size: int, components: int) -> None:
        self.vectors: Grid = np.zeros((0, size), np.int16)
        self.raw: Raw = np.zeros((0, components), np.int32)
        self.units: Units = np.zeros((0, components), np.float32)
        self.seq = np.zeros(0, np.int64)
        self.origin = np.zeros(0, np.int32)
        self.names = np.zeros(0, np.uint64)
        self.codes = np.zeros(0, np.int32)
        self.ids: list[str] = []
        self.groups: list[str] = []
        self.at_s = array("q")
        self.epoch = 0
        """How often vectors were laid anew, or one was held out of order; for who keeps copies."""
        self.slot_of: dict[str, int] = {}
        self._free: list[int] = []
        self._code_of: dict[str, int] = {}
        # Slots as they were taken, with the arrival number that each had then; who left since is still among them,
        # under a number that its slot has no more. Kept because the list is asked for at every step of a pass.
        self._taken: Slots = np.zeros(0, np.int64)
        self._taken_seq: Slots = np.zeros(0, np.int64)
        self._many = 0
        self._in_order = True

    def __len__(self) -> int:
        return len(self.slot_of)

    @property
    def groups_held(self) -> int:
        """Groups of which a concern has been held."""
        return len(self._code_of)

    def put(self, concern_id: str, name: int, seq: int, group: str, at_s: int, vector: Grid) -> int:
        """Hold a concern; its slot."""
        if not self._free:
            self._grow()
        if not self._comes_after(seq):
            # An order holds an old concern again: nobody who left may be mistaken for it.
            self._tidy()
            self.epoch += 1
        slot = self._free.pop()
        self.slot_of[concern_id] = slot
        self.origin[slot] = WAITING  # and not where the one was that had the slot before
        self.vectors[slot], self.seq[slot], self.names[slot] = vector, seq, name
        self.codes[slot] = self._code_of.setdefault(group, len(self._code_of))
        self.ids[slot], self.groups[slot], self.at_s[slot] = concern_id, group, at_s
        self._note(slot, seq)
        return slot

    def lay_anew(self, slots: Slots, units: Units) -> None:
        """Take up where held vectors lie by now."""
        self.units[slots] = units
        self.epoch += 1

    def free(self, slot: int) -> str:
        """Let a concern go; its id."""
        concern_id = self.ids[slot]
        del self.slot_of[concern_id]
        self._free.append(slot)
        self.seq[slot] = 0
        return concern_id

    def slots(self) -> Slots:
        """All slots in use, by arrival."""
        return self.since(0)

    def since(self, seq: int) -> Slots:
        """The slots in use whose arrival number is higher, by arrival."""
        if not self._in_order:
            self._tidy()
        first = int(self._taken_seq[: self._many].searchsorted(seq, "right"))
        taken = self._taken[first : self._many]
        held: Slots = taken[self.seq[taken] == self._taken_seq[first : self._many]]
        return held

    def by_group(self, slots: Slots) -> dict[str, Slots]:
        """These slots by group, groups by name, each in the order given."""
        if len(self._code_of) == 1:
            return dict.fromkeys(self._code_of, slots) if len(slots) else {}
        codes = self.codes[slots]
        parts = ((group, slots[codes == code]) for group, code in sorted(self._code_of.items()))
        return {group: part for group, part in parts if len(part)}

    def _comes_after(self, seq: int) -> bool:
        return self._in_order and (self._many == 0 or seq > int(self._taken_seq[self._many - 1]))

    def _note(self, slot: int, seq: int) -> None:
        if self._many == len(self._taken):
            self._tidy()
        self._in_order = self._comes_after(seq)
        self._taken[self._many], self._taken_seq[self._many] = slot, seq
        self._many += 1

    def _tidy(self) -> None:
        """Drop who left, sort, and make room for as many again."""
        taken, before = self._taken[: self._many], self._taken_seq[: self._many]
        used = taken[self.seq[taken] == before]
        used = used[np.argsort(self.seq[used])]
        self._many, self._in_order = len(used), True
        room = max(2 * len(used), 256)
        self._taken, self._taken_seq = np.zeros(room, np.int64), np.zeros(room, np.int64)
        self._taken[: len(used)], self._taken_seq[: len(used)] = used, self.seq[used]

    def _grow(self) -> None:
        old = len(self.seq)
        new = max(old + old // 4, 256)
        for name in ("vectors", "raw", "units", "seq", "origin", "names", "codes"):
            rows = getattr(self, name)
            bigger = np.zeros((new, *rows.shape[1:]), rows.dtype)
            bigger[:old] = rows
            setattr(self, name, bigger)
        self.ids += [""] * (new - old)
        self.groups += [""] * (new - old)
        self.at_s.extend([0] * (new - old))
        self._free = list(range(new - 1, old - 1, -1))
