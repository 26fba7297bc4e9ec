"""The journal as files: appended to by one writer, read by offset up to the last whole line.

A record is one line; its place (partition, line number from 0) never changes. Nothing counts as accepted
before ``append`` has returned, which is after the disk has it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from connectors.holding import lock
from connectors.jsonl.layout import create_parts, part_file, read_committed, translated, write_at
from contracts.errors import RecoveryRefused, WrongUsage

_CHUNK_BYTES = 1 << 20


class Line(NamedTuple):
    """One whole line without its newline, and the offset of the line behind it."""

    next_offset: int
    data: bytes


class Tail(NamedTuple):
    """How far a file was known: which one it is, its length and its number of lines."""

    file: int
    offset: int
    lines: int


class JsonlLog:
    """The single writer of a log directory; a second one is refused, a torn last line is cut off."""

    def __init__(
        self, directory: Path, partitions: int, *, wait_s: float = 0.0, known: Sequence[Tail] = ()
    ) -> None:
        """Another writer is waited for, ``wait_s`` seconds at most; what is ``known`` of a log is not read again."""
        self.directory = directory
        self.partitions = partitions
        with translated(directory):
            create_parts(directory, partitions)
            self._lock = os.open(directory / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
            self._claim(wait_s)
            self._fds = [os.open(part_file(directory, p), os.O_RDWR) for p in range(partitions)]
            before = known or [Tail(0, 0, 0)] * partitions
            tails = [_repair(fd, tail) for fd, tail in zip(self._fds, before, strict=True)]
        self._files = [tail.file for tail in tails]
        self._offsets = [tail.offset for tail in tails]
        self._counts = [tail.lines for tail in tails]

    @property
    def tails(self) -> list[Tail]:
        """How far each partition is known, for the next one who opens it here."""
        return [Tail(*one) for one in zip(self._files, self._offsets, self._counts, strict=True)]

    def append(self, partition: int, lines: Sequence[bytes]) -> range:
        """Make ``lines`` durable; their line numbers. On an error none of them is in the log."""
        if any(b"\n" in line for line in lines):
            raise WrongUsage("a record of a log is one line and cannot hold a newline")
        fd, offset = self._fds[partition], self._offsets[partition]
        data = b"".join(line + b"\n" for line in lines)
        with translated(part_file(self.directory, partition)):
            try:
                write_at(fd, data, offset)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, offset)
                raise
        first = self._counts[partition]
        self._offsets[partition] += len(data)
        self._counts[partition] += len(lines)
        return range(first, first + len(lines))

    def count(self, partition: int) -> int:
        """How many records the partition holds."""
        return self._counts[partition]

    def resume(self, partition: int, load: str, since: int) -> int:  # noqa: ARG002 one writer: all since is the load's
        """How many records of a load that was begun at ``since`` are there: nobody else can have written."""
        return self._counts[partition] - since

    def close(self) -> None:
        """Let go of the files and of the writer's lock."""
        for fd in (*self._fds, self._lock):
            os.close(fd)

    def __enter__(self) -> JsonlLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self, wait_s: float) -> None:
        try:
            lock(self._lock, wait_s)
        except BlockingIOError as exc:
            os.close(self._lock)
            raise RecoveryRefused(f"{self.directory}: another process is writing to this log") from exc


def read_log(directory: Path, partition: int, from_offset: int = 0) -> Iterator[Line]:
    """Whole lines of one partition from a byte offset on, up to the published offset if there is one.

    A log without a published offset (the journal) is read up to its last newline. A partition that
    does not exist yet is empty.
    """
    path = part_file(directory, partition)
    end = read_committed(path)
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(from_offset)
        offset = from_offset
        while end is None or offset < end:
            line = file.readline()
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield Line(offset, line[:-1])


def _repair(fd: int, known: Tail) -> Tail:
    """Cut off a torn last line; how far it goes then. What is ``known`` of the same file is not read again."""
    there = os.fstat(fd)
    if known.file != there.st_ino or known.offset > there.st_size:
        known = Tail(there.st_ino, 0, 0)
    end = offset = known.offset
    count = known.lines
    while chunk := os.pread(fd, _CHUNK_BYTES, offset):
        last = chunk.rfind(b"\n")
        if last >= 0:
            end = offset + last + 1
            count += chunk.count(b"\n")
        offset += len(chunk)
    if end < offset:
        os.ftruncate(fd, end)
        os.fsync(fd)
    return Tail(known.file, end, count)
