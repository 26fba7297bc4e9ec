"""Encoders for tests: one that stands for meaning without weights, and one that can be killed and brought back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.encoders.base import Vectors, to_grid
from models.encoders.hashing import KeywordEncoder

TOPICS = ("invoice", "export", "login", "map")


class Meaning:
    """Stands for the real encoder: texts about one topic lie together, whatever their words."""

    version, dims = "meaning-1", 384

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order."""
        return np.stack([self._one(text) for text in texts]) if texts else np.zeros((0, 384), np.int16)

    def _one(self, text: str) -> npt.NDArray[np.int16]:
        keywords = KeywordEncoder().encode([text])[0].astype(np.float32)
        topic = int(np.argmax([text.lower().count(name[:4]) for name in TOPICS]))
        centre = np.random.default_rng(topic).normal(size=384).astype(np.float32) * 2048 / 19.6
        return to_grid((keywords + 2 * centre)[None])[0]


class Mortal(Meaning):
    """It can be killed; and it cannot bear texts with the word ``poison`` in them."""

    def __init__(self) -> None:
        self.is_dead = False
        self.until_death: int | None = None
        """Texts that it encodes before it dies."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order. Raises what libraries raise."""
        if self.until_death is not None:
            self.until_death -= len(texts)
            self.is_dead = self.is_dead or self.until_death < 0
        if self.is_dead:
            raise RuntimeError("CUDA error: device-side assert triggered")
        if any("poison" in text for text in texts):
            raise ValueError("cannot encode this")
        return super().encode(texts)

    def come_back(self) -> None:
        """Answer again, for good."""
        self.is_dead, self.until_death = False, None
