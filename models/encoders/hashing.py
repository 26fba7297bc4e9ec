"""Keyword vectors without weights: hashed stems and pairs of stems, projected by random signs.

Two texts are near when they share words, not when they mean the same: themes become keyword themes.
Hashing is BLAKE2b, so every machine and every Python agrees. Source: Weinberger et al. 2009, "Feature
Hashing"; signs as in Achlioptas 2003, "Database-friendly random projections".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.encoders.base import Vectors, to_grid
from models.encoders.stems import content_stems, words

DIMS = 384
# A pair of neighbouring stems says less than the stems themselves: it may be unique to the message.
PAIR_WEIGHT = 0.5
# Bounds the work on a very long text.
MAX_FEATURES = 2_000


class KeywordEncoder:
    """A hashed bag of stems and stem pairs with damped counts (1 + log2 n), random signs per feature."""

    @property
    def version(self) -> str:
        """``keywords-1``; changes when a vector would."""
        return "keywords-1"

    @property
    def dims(self) -> int:
        """384, like the default model, so stored shapes do not depend on the weights."""
        return DIMS

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors, (n, 384) int16; a text without any word is the zero vector."""
        rows = np.zeros((len(texts), DIMS), dtype=np.float32)
        for place, text in enumerate(texts):
            for feature, weight in _features(text).items():
                rows[place] += np.float32(weight) * _signs(feature)
        return to_grid(rows)


def _features(text: str) -> dict[str, float]:
    stems = (content_stems(text) or words(text))[:MAX_FEATURES]
    counts: dict[str, int] = {}
    for feature in (*stems, *(f"{left} {right}" for left, right in pairwise(stems))):
        counts[feature] = counts.get(feature, 0) + 1
    # Halves of whole numbers only, so that float32 sums are exact in any order.
    return {
        feature: (1.0 if " " not in feature else PAIR_WEIGHT) * count.bit_length()
        for feature, count in counts.items()
    }


@lru_cache(maxsize=20_000)
def _signs(feature: str) -> npt.NDArray[np.float32]:
    digest = hashlib.blake2b(
        feature.encode("utf-8", "replace"), digest_size=48, person=b"keywords-1"
    ).digest()
    bits = np.unpackbits(np.frombuffer(digest, dtype=np.uint8))
    return bits.astype(np.float32) * np.float32(2.0) - np.float32(1.0)
