"""A bounded cache around any encoder: a repeated text costs a look-up.

The cache can only save work: a vector depends on its text alone, so hit or miss gives the same bits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from models.encoders.base import Around, Encoder, Vectors

# 50,000 vectors of 384 int16 are about 40 MB with their keys.
CAPACITY = 50_000


class CachedEncoder(Around):
    """Least-recently-used texts are forgotten first; texts are held in memory only."""

    def __init__(self, encoder: Encoder, *, capacity: int = CAPACITY) -> None:
        """``capacity`` is the most texts held; at least 1."""
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        super().__init__(encoder)
        self._capacity = capacity
        self._held: OrderedDict[str, Vectors] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """How many texts are held now."""
        return len(self._held)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order; each distinct unknown text is encoded once."""
        unknown = list(dict.fromkeys(text for text in texts if text not in self._held))
        fresh = dict(zip(unknown, self._encoder.encode(unknown), strict=True)) if unknown else {}
        out = np.zeros((len(texts), self.dims), dtype=np.int16)
        for place, text in enumerate(texts):
            known = self._held.get(text)
            out[place] = fresh[text] if known is None else known
            if known is not None:
                self._held.move_to_end(text)
        self.misses += len(unknown)
        self.hits += len(texts) - len(unknown)
        self._hold(fresh)
        return out

    def _hold(self, fresh: dict[str, Vectors]) -> None:
        for text, row in fresh.items():
            self._held[text] = row.copy()  # a view would keep the whole batch alive
        while len(self._held) > self._capacity:
            self._held.popitem(last=False)
