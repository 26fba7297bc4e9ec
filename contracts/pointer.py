"""A place in a state log, and the change that a line of it holds; what snapshots and logs agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

Change = tuple[str, str, Any]
"""One changed entry of bulk state: table, key, JSON-able value or None for dropped (see ``StateEntry``)."""


class Segment(NamedTuple):
    """What one run of a stage wrote to a shared log: its own messages from offset ``start`` up to before ``end``."""

    session: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a state log: everything before it is the state, everything after it never happened.

    ``generation`` counts compactions, ``bytes`` and ``entries`` the length of that generation up to
    here, ``base_bytes`` its length right after it was compacted; ``checksum`` chains all its lines.
    ``segments`` says where that generation lies in a log that cannot be cut back; empty in one that can.
    """

    generation: int
    bytes: int
    entries: int
    base_bytes: int
    checksum: str
    segments: tuple[Segment, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain data for a snapshot."""
        data = asdict(self)
        segments = data.pop("segments")
        return data | {"segments": [list(segment) for segment in segments]} if segments else data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Pointer:
        """The inverse of ``as_data``."""
        segments = tuple(Segment(*segment) for segment in data.get("segments", ()))
        return cls(**{**data, "segments": segments})
