"""What steps ask of the outside world, as protocols; ``wiring`` says who answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from contracts.feedback import Sealed


class Vault(Protocol):
    """Keys of data subjects: hashes that cannot be read back, and sealing under a subject's key."""

    def subject(self, tenant: str, value: str) -> str:
        """The salted hash of a personal identifier: same input, same hash; not to be read back."""
        ...

    def digest(self, tenant: str, content: bytes) -> str:
        """A hash of content under the tenant's key."""
        ...

    def seal(self, tenant: str, subject: str, plaintext: bytes) -> Sealed:
        """Encrypt under the subject's key. Raises ``KeyError`` when the subject has no key."""
        ...

    def open(self, tenant: str, sealed: Sealed) -> bytes | None:
        """The plaintext, or None when the subject's key was destroyed. Raises ``StateCorrupt``."""
        ...


DEAD_LETTER_SUBJECT = "dead-letter"
"""Bodies that cannot be decoded belong to nobody yet: they are sealed under the tenant's own key."""


@dataclass(frozen=True, slots=True)
class ThemePoint:
    """A theme's centroid in decision space; integers on the grid, as float32 (exact up to 2**24)."""

    theme_id: str
    group: str
    vector: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class ItemPoint:
    """A concern's vector, with what similar-item search filters on (no text)."""

    concern_id: str
    item_id: str
    vector: npt.NDArray[np.int16]
    payload: Mapping[str, str | int | float | bool | None]


class VectorIndex(Protocol):
    """Themes and items as points, always within one tenant; every write is an idempotent upsert."""

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Write centroids through."""
        ...

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        ...

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these."""
        ...

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Write concern vectors through."""
        ...

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        ...

    def nearest_theme(
        self, tenant: str, group: str, vector: npt.NDArray[np.int16]
    ) -> tuple[str, float] | None:
        """The nearest centroid by exact search, and its dot product; None when there is none."""
        ...

    def similar_items(
        self,
        tenant: str,
        vector: npt.NDArray[np.int16],
        *,
        limit: int,
        where: Mapping[str, str | int | bool] | None = None,
    ) -> list[SimilarItem]:
        """The nearest concerns by cosine that have all the payload values in ``where``."""
        ...


@dataclass(frozen=True, slots=True)
class SimilarItem:
    """One answer of a similar-item search; ``similarity`` is a cosine."""

    concern_id: str
    item_id: str
    similarity: float
    payload: Mapping[str, str | int | float | bool | None]
