"""What steps ask of the outside world, as protocols; ``wiring`` says who answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from contracts.answers import Answer
from contracts.feedback import Sealed
from contracts.vectors import GridVector, ItemPoint, SimilarItem, ThemePoint


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

    def at_once(self, subjects: Iterable[tuple[str, str]] = ()) -> AbstractContextManager[None]:
        """What is sealed and opened inside counts as one moment: keys that others destroy meanwhile are gone after it.

        For a batch: to look for destroyed keys before each text takes longer than to open it, and so does looking up
        each key by itself; ``subjects`` are the pairs of tenant and subject whose texts will be opened.
        """
        ...


class OwnAnswers(Protocol):
    """Answers of models that a generation was given before it began; they never change."""

    @property
    def prompts(self) -> frozenset[str]:
        """The prompts that were answered."""
        ...

    def about(self, concern: str) -> Answer | None:
        """The answer about a concern."""
        ...


class VectorIndex(Protocol):
    """Themes and items as points, always within one tenant; every write is an idempotent upsert."""

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Write centroids, at once or before the next question or ``settle``."""
        ...

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        ...

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these."""
        ...

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Write concern vectors, at once or at ``settle``."""
        ...

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        ...

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        ...

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid by exact search, and its exact dot product; None when there is none.

        Ties go to the lowest theme id.
        """
        ...

    def similar_items(
        self,
        tenant: str,
        vector: GridVector,
        *,
        limit: int,
        where: Mapping[str, str | int | bool] | None = None,
    ) -> list[SimilarItem]:
        """The nearest concerns by cosine that have all the payload values in ``where``.

        Best first, ties by lowest concern id. ``where`` may bound the time with ``since_s`` and
        ``until_s`` (see ``contracts.vectors``). Raises ``WrongUsage`` for a field it does not know.
        """
        ...

    def settle(self) -> None:
        """Return when everything written so far survives a kill of this process; comes before every snapshot."""
        ...

    def flush(self) -> None:
        """Return when everything written so far survives a loss of power."""
        ...

    def close(self) -> None:
        """Write what is left and let another process open the index."""
        ...
