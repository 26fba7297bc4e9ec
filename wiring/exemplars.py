"""Vectors of the taxonomy's exemplars, kept in a file: encoding them takes seconds at every start.

The file is a view: its name is the digest of encoder and texts, so another of either makes another file, and one that
cannot be read is made again. Exemplars are the taxonomy's own words and nobody's feedback.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from connectors.durable import replace_whole
from models.encoders.base import Around, Encoder, Vectors


class ExemplarEncoder(Around):
    """An encoder that remembers the vectors of each list of texts in ``folder``."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        super().__init__(encoder)
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Grid vectors in order."""
        told = "\x1f".join([self.version, *texts]).encode("utf-8", "surrogatepass")
        path = self._folder / f"exemplars-{hashlib.sha256(told).hexdigest()[:16]}.npy"
        shape = (len(texts), self.dims)
        kept = _read(path)
        if kept is not None and kept.shape == shape and kept.dtype == np.int16:
            return kept
        made = self._encoder.encode(texts)
        with io.BytesIO() as file:
            np.save(file, made, allow_pickle=False)
            content = file.getvalue()
        with suppress(OSError):  # a view that cannot be kept is made again; no reason not to start
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_whole(path, content)
        return made


def _read(path: Path) -> Vectors | None:
    try:
        kept: Vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept
