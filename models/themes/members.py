"""Which theme each concern belongs to, at about 12 bytes a concern.

Concerns are known by a 64-bit BLAKE2 of their id. The latest are in a dictionary, the rest in two sorted
arrays that the dictionary is folded into now and then; how far that folding has come cannot be seen from
outside. (Two of a million concerns share a hash with a chance of 3 in 100 million.)
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

WAITING = -1
UNTHEMED = -2
_GONE = -3
_FOLD_AT = 16_384


def concern_hash(concern_id: str) -> int:
    """The 64-bit name of a concern; also its place in the order by which samples are kept."""
    return int.from_bytes(blake2b(concern_id.encode(), digest_size=8).digest(), "big")


class Members:
    """Concern hash → ordinal of its origin theme, or ``WAITING``, or ``UNTHEMED``.

    >>> members = Members(); members.put(7, 3); members.get(7), members.get(8)
    (3, None)
    """

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._keys: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._values: NDArray[np.int32] = np.empty(0, np.int32)

    def get(self, name: int) -> int | None:
        """The concern's theme ordinal, or None if it is not known."""
        found = self._recent.get(name)
        if found is None and len(self._keys):
            at = int(np.searchsorted(self._keys, np.uint64(name)))
            if at < len(self._keys) and int(self._keys[at]) == name:
                found = int(self._values[at])
        return None if found == _GONE else found

    def put(self, name: int, ordinal: int) -> None:
        """Set the concern's theme."""
        self._recent[name] = ordinal
        if len(self._recent) >= _FOLD_AT:
            self._fold()

    def drop(self, name: int) -> None:
        """Forget the concern."""
        self.put(name, _GONE)

    def _fold(self) -> None:
        keys = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        values = np.fromiter(self._recent.values(), np.int32, len(self._recent))
        kept = ~np.isin(self._keys, keys)
        alive = values != _GONE
        keys = np.concatenate([self._keys[kept], keys[alive]])
        values = np.concatenate([self._values[kept], values[alive]])
        order = np.argsort(keys)
        self._keys, self._values, self._recent = keys[order], values[order], {}
