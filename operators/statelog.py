"""The log a stage's bulk state is written to: what a host needs from it, and one that lives in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import orjson

from contracts.errors import StateCorrupt
from contracts.pointer import Change, Pointer


class StateLog(Protocol):
    """The state log of one stage for one journal partition. ``load`` comes before the first ``append``."""

    def load(self, pointer: Pointer | None) -> Iterator[Change]:
        """Every change up to ``pointer``, which must be read to its end; what lies beyond is discarded.

        None says that nothing was ever committed: the log starts empty. Raises ``StateCorrupt`` if
        the bytes before the pointer are not the bytes that were written.
        """
        ...

    def append(self, changes: Iterable[Change]) -> Pointer:
        """Write the changes and make them durable; the pointer behind them."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class MemoryStateLog:
    """A state log for tests and for runs that never restart; values pass through JSON as they do on disk."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def load(self, pointer: Pointer | None) -> Iterator[Change]:
        """See ``StateLog.load``."""
        entries = pointer.entries if pointer else 0
        if entries > len(self._lines):
            raise StateCorrupt(f"the state log holds {len(self._lines)} entries, its pointer says {entries}")
        del self._lines[entries:]
        for line in self._lines:
            table, key, value = orjson.loads(line)
            yield table, key, value

    def append(self, changes: Iterable[Change]) -> Pointer:
        """See ``StateLog.append``."""
        self._lines.extend(orjson.dumps(change) for change in changes)
        return Pointer(generation=0, bytes=0, entries=len(self._lines), base_bytes=0, checksum="")

    def close(self) -> None:
        """Nothing to let go of."""
