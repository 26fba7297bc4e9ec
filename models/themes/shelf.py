"""The vectors that are still needed: the latest concerns, those that wait, and the background sample.

One slot per concern in arrays that are reused, so memory follows the policy and not the stream.
Which slot a concern has is never visible in a result: ``slots`` lists them by arrival.
"""

from __future__ import annotations

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
        self.at_s: list[int] = []
        self.slot_of: dict[str, int] = {}
        self._free: list[int] = []
        self._code_of: dict[str, int] = {}

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
        slot = self._free.pop()
        self.slot_of[concern_id] = slot
        self.origin[slot] = WAITING  # and not where the one was that had the slot before
        self.vectors[slot], self.seq[slot], self.names[slot] = vector, seq, name
        self.codes[slot] = self._code_of.setdefault(group, len(self._code_of))
        self.ids[slot], self.groups[slot], self.at_s[slot] = concern_id, group, at_s
        return slot

    def free(self, slot: int) -> str:
        """Let a concern go; its id."""
        concern_id = self.ids[slot]
        del self.slot_of[concern_id]
        self._free.append(slot)
        self.seq[slot] = 0
        return concern_id

    def slots(self) -> Slots:
        """All slots in use, by arrival."""
        used = np.fromiter(self.slot_of.values(), np.int64, len(self.slot_of))
        return used[np.argsort(self.seq[used])]

    def by_group(self, slots: Slots) -> dict[str, Slots]:
        """These slots by group, groups by name, each in the order given."""
        codes = self.codes[slots]
        parts = ((group, slots[codes == code]) for group, code in sorted(self._code_of.items()))
        return {group: part for group, part in parts if len(part)}

    def _grow(self) -> None:
        old = len(self.seq)
        new = max(old + old // 4, 256)
        for name in ("vectors", "raw", "units", "seq", "origin", "names", "codes"):
            array = getattr(self, name)
            bigger = np.zeros((new, *array.shape[1:]), array.dtype)
            bigger[:old] = array
            setattr(self, name, bigger)
        self.ids += [""] * (new - old)
        self.groups += [""] * (new - old)
        self.at_s += [0] * (new - old)
        self._free = list(range(new - 1, old - 1, -1))
