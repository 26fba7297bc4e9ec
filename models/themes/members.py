"""Which theme each concern belongs to, at about 12 bytes a concern.

Concerns are known by a 64-bit BLAKE2 of their id. (Two of a million concerns share a hash with a chance of 3 in
100 million.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from models.themes.columns import Columns

WAITING = -1
UNTHEMED = -2


@lru_cache(maxsize=1024)  # asked several times of a concern that has just come
def concern_hash(concern_id: str) -> int:
    """The 64-bit name of a concern; also its place in the order by which samples are kept."""
    return int.from_bytes(blake2b(concern_id.encode(), digest_size=8).digest(), "big")


class Members:
    """Concern hash → ordinal of its origin theme, or ``WAITING``, or ``UNTHEMED``.

    >>> members = Members(); members.put(7, 3); members.get(7), members.get(8)
    (3, None)
    """

    def __init__(self) -> None:
        self._rows = Columns(("<i4",))

    def get(self, name: int) -> int | None:
        """The concern's theme ordinal, or None if it is not known."""
        row = self._rows.get(name)
        return None if row is None else row[0]

    def put(self, name: int, ordinal: int) -> None:
        """Set the concern's theme."""
        self._rows.put(name, (ordinal,))

    def drop(self, name: int) -> None:
        """Forget the concern."""
        self._rows.drop(name)

    def state_changes(self) -> Iterator[tuple[str, Any]]:
        """What changed since the last call, as ``Columns`` tells it."""
        return self._rows.state_changes()

    def load(self, key: str, value: Sequence[str]) -> None:
        """Take up what ``state_changes`` told."""
        self._rows.load(key, value)
