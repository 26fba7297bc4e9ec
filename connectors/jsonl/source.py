"""Let Bytewax read the journal: whole lines, by byte offset, tailing the files or ending at their end.

Out:   ``(key, JournalLine)`` with the partition's name as key.
State: byte offset and line number of the next line, per partition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.jsonl.layout import part_file, part_name, translated


class JournalLine(NamedTuple):
    """One line of the journal and its coordinates."""

    partition: int
    ordinal: int
    data: bytes


Position = tuple[int, int]
"""Byte offset and line number of the next line."""


def _never() -> bool:
    return False


def _nothing() -> None:
    return None


def _nothing_of(_partition: int, _offset: int) -> None:
    return None


def _nothing_of_lines(_lines: Sequence[JournalLine]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a journal is read.

    ``batch``: lines handed on at once. ``follow``: wait for more at the end, looking every ``poll``.
    ``draining`` says that the flow shall end as if the journal ended here. ``on_poll`` is called
    before every read, at which time all earlier epochs are committed: Bytewax keeps one in flight.
    ``on_snapshot`` is told partition and offset of every snapshot; what it knows is not yet committed.
    ``on_lines`` is told what was read, before any step has it.
    """

    batch: int = 64
    follow: bool = False
    poll: timedelta = timedelta(milliseconds=50)
    draining: Callable[[], bool] = _never
    on_poll: Callable[[], None] = _nothing
    on_snapshot: Callable[[int, int], None] = _nothing_of
    on_lines: Callable[[Sequence[JournalLine]], None] = _nothing_of_lines


class _Partition(StatefulSourcePartition[tuple[str, JournalLine], Position]):
    def __init__(self, directory: Path, partition: int, resumed: Position | None, reading: Reading) -> None:
        self._path = part_file(directory, partition)
        self._key = part_name(partition)
        self._partition = partition
        self._offset, self._ordinal = resumed or (0, 0)
        self._reading = reading
        with translated(self._path):
            self._file = self._path.open("rb")
            self._file.seek(self._offset)
        self._awake: datetime | None = None

    def next_batch(self) -> list[tuple[str, JournalLine]]:
        self._reading.on_poll()
        if self._reading.draining():
            raise StopIteration
        with translated(self._path):
            batch = self._read()
        if not batch and not self._reading.follow:
            raise StopIteration
        self._reading.on_lines([line for _key, line in batch])
        self._awake = None if batch else datetime.now(UTC) + self._reading.poll
        return batch

    def next_awake(self) -> datetime | None:
        return self._awake

    def snapshot(self) -> Position:
        self._reading.on_snapshot(self._partition, self._offset)
        return self._offset, self._ordinal

    def close(self) -> None:
        self._file.close()

    def _read(self) -> list[tuple[str, JournalLine]]:
        batch: list[tuple[str, JournalLine]] = []
        while len(batch) < self._reading.batch:
            line = self._file.readline()
            if not line.endswith(b"\n"):
                self._file.seek(self._offset)  # the end, or a line that is still being written
                break
            batch.append((self._key, JournalLine(self._partition, self._ordinal, line[:-1])))
            self._offset += len(line)
            self._ordinal += 1
        return batch


class JsonlSource(FixedPartitionedSource[tuple[str, JournalLine], Position]):
    """All partitions of the journal that lies in ``directory``; their number never changes."""

    def __init__(self, directory: Path, partitions: int, reading: Reading) -> None:
        self._directory = directory
        self._partitions = {part_name(p): p for p in range(partitions)}
        self._reading = reading

    def list_parts(self) -> list[str]:
        """The names of all partitions."""
        return list(self._partitions)

    def build_part(
        self,
        step_id: str,  # noqa: ARG002 Bytewax passes it
        for_part: str,
        resume_state: Position | None,
    ) -> StatefulSourcePartition[tuple[str, JournalLine], Position]:
        """A reader that goes on at the snapshot's offset."""
        return _Partition(self._directory, self._partitions[for_part], resume_state, self._reading)
