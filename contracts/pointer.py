"""A place in a state log, and the change that a line of it holds; what snapshots and logs agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Change = tuple[str, str, Any]
"""One changed entry of bulk state: table, key, JSON-able value or None for dropped (see ``StateEntry``)."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a state log: everything before it is the state, everything after it never happened.

    ``generation`` counts compactions, ``bytes`` and ``entries`` the length of that generation up to
    here, ``base_bytes`` its length right after it was compacted; ``checksum`` chains all its lines.
    """

    generation: int
    bytes: int
    entries: int
    base_bytes: int
    checksum: str

    def as_data(self) -> dict[str, Any]:
        """Plain data for a snapshot."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Pointer:
        """The inverse of ``as_data``."""
        return cls(**data)
