"""A stage's state log as files ``<directory>/p0000.<generation>.jsonl``, one entry a line.

A line is a ``StateEntry`` with a ``crc`` over it and all lines before it, so the first wrong byte is found
where it is. When a generation has grown to a multiple of its size after the last compaction, the
living entries go to the next one; the old one stays until the next compaction, because the snapshot that
points to the new one may not be committed yet.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from connectors.jsonl.layout import part_name, sync_directory, translated, write_at
from contracts.errors import StateCorrupt
from contracts.pointer import Change, Pointer

_HEAD = len(b'{"crc":"00000000",')
# Ends what names an entry: within a table's or key's name a quotation mark would have a backslash before it.
_VALUE = b',"value":'
_COPIED_AT_ONCE = 1_024  # entries
_PARTS = 16


class JsonlStateLog:
    """The state log of one stage for one partition; see ``operators.statelog.StateLog``.

    ``compact_from_bytes``: smaller generations are never compacted. ``compact_growth``: how many times
    its size after the last compaction a generation may reach.
    """

    def __init__(
        self,
        directory: Path,
        partition: int,
        *,
        compact_from_bytes: int = 4 << 20,
        compact_growth: float = 4.0,
    ) -> None:
        self._directory = directory
        self._partition = partition
        self._compact_from_bytes = compact_from_bytes
        self._compact_growth = compact_growth
        self._fd = -1
        self._at = _empty(generation=0)

    def load(self, pointer: Pointer | None) -> Iterator[Change]:
        """Every change up to the pointer; see ``StateLog.load``."""
        self._at = pointer or _empty(generation=0)
        path = self._path(self._at.generation)
        if self._at.bytes and not path.exists():
            raise StateCorrupt(f"{path}: missing; {_REBUILD}")
        with translated(path):
            self._directory.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        for body in self._verified():
            entry = orjson.loads(body)
            yield entry["table"], entry["key"], entry["value"]
        with translated(path):
            os.ftruncate(self._fd, self._at.bytes)
            self._forget(lambda generation: generation > self._at.generation)

    def append(self, changes: Iterable[Change]) -> Pointer:
        """Write and sync the changes; see ``StateLog.append``."""
        bodies = (orjson.dumps({"table": t, "key": k, "value": v}) for t, k, v in changes)
        data, entries, crc = _chained(bodies, int(self._at.checksum, 16))
        if not entries:
            return self._at
        with translated(self._path(self._at.generation)):
            write_at(self._fd, data, self._at.bytes)
            os.fsync(self._fd)
        self._at = Pointer(
            self._at.generation,
            self._at.bytes + len(data),
            self._at.entries + entries,
            self._at.base_bytes,
            f"{crc:08x}",
        )
        limit = max(self._compact_from_bytes, self._compact_growth * self._at.base_bytes)
        if self._at.bytes > limit:
            self._compact()
        return self._at

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _compact(self) -> None:
        """Copy the living entries, in the order in which they were written, to the next generation."""
        living = self._living()
        generation = self._at.generation + 1
        path = self._path(generation)
        with translated(path):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            at, entries, crc = self._copy(living, fd)
            os.fsync(fd)
            self._forget(lambda old: old < self._at.generation)
            sync_directory(self._directory)
        os.close(self._fd)
        self._fd = fd
        self._at = Pointer(generation, at, entries, at, f"{crc:08x}")

    def _living(self) -> NDArray[np.int64]:
        """The last line of every entry that was not dropped, ``(n, 2)``: its offset, and the length of its body.

        Entries are told apart by 128 bits of BLAKE2 in plain arrays, and sorted a part at a time: a dictionary
        of all of them would leave the process larger for good.
        """
        names, sizes = bytearray(), array("i")
        for body in self._verified():
            head, _, value = body.partition(_VALUE)
            names += blake2b(head, digest_size=16).digest()
            sizes.append(-len(body) if value == b"null}" else len(body))
        name, size = np.frombuffer(names, "<u8").reshape(-1, 2), np.frombuffer(sizes, np.int32)
        living = np.zeros(len(size), np.bool_)
        for part in range(_PARTS):
            lines = np.flatnonzero(name[:, 0] % _PARTS == part)
            living[_last_of_each(name, lines)] = True
        living &= size > 0
        ends = np.cumsum(np.abs(size) + _HEAD, dtype=np.int64)[living]
        bodies = size[living].astype(np.int64)
        return np.stack([ends - bodies - _HEAD, bodies], axis=1)

    def _copy(self, lines: NDArray[np.int64], fd: int) -> tuple[int, int, int]:
        """Write these lines (see ``_living``) to ``fd``; bytes, entries and checksum of the chain."""
        at = crc = 0
        for start in range(0, len(lines), _COPIED_AT_ONCE):
            some = lines[start : start + _COPIED_AT_ONCE].tolist()
            read = (b"{" + os.pread(self._fd, size - 1, offset + _HEAD) for offset, size in some)
            data, _, crc = _chained(read, crc)
            write_at(fd, data, at)
            at += len(data)
        return at, len(lines), crc

    def _verified(self) -> Iterator[bytes]:
        """Every line's body up to the pointer, checked against the chain of checksums."""
        crc = offset = 0
        path = self._path(self._at.generation)
        with path.open("rb", buffering=1 << 20) as file:
            while offset < self._at.bytes:
                line = file.readline()
                body = b"{" + line[_HEAD:-1]
                crc = zlib.crc32(body, crc)
                if not line.startswith(b'{"crc":"%08x",' % crc) or not line.endswith(b"\n"):
                    raise StateCorrupt(f"{path}: wrong bytes in the line at offset {offset}; {_REBUILD}")
                offset += len(line)
                yield body
        if offset != self._at.bytes or f"{crc:08x}" != self._at.checksum:
            raise StateCorrupt(f"{path}: not the log its snapshot points to (offset {offset}); {_REBUILD}")

    def _forget(self, is_over: Any) -> None:
        for path in sorted(self._directory.glob(f"{part_name(self._partition)}.*.jsonl")):
            if is_over(int(path.name.split(".")[1])):
                path.unlink()

    def _path(self, generation: int) -> Path:
        return self._directory / f"{part_name(self._partition)}.{generation}.jsonl"


_REBUILD = "rebuild the state from the journal with `undercurrent rebuild`"


def _last_of_each(names: NDArray[np.uint64], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of these lines the last that has each name; ``names`` ``(n, 2)`` are of all lines."""
    if not len(lines):
        return lines
    high, low = names[lines].T
    order = np.lexsort((low, high))  # stable, so a later line of an entry comes later
    high, low = high[order], low[order]
    ended = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    last: NDArray[np.int64] = lines[order[np.append(ended, True)]]
    return last


def _empty(generation: int) -> Pointer:
    return Pointer(generation=generation, bytes=0, entries=0, base_bytes=0, checksum="00000000")


def _chained(bodies: Iterable[bytes], crc: int) -> tuple[bytes, int, int]:
    """The lines for these entries, their number, and the checksum of the chain behind them."""
    lines = []
    for body in bodies:
        crc = zlib.crc32(body, crc)
        lines.append(b'{"crc":"%08x",%b\n' % (crc, body[1:]))
    return b"".join(lines), len(lines), crc
