"""Let Bytewax read the journal: whole lines, by byte offset, tailing the files or ending at their end.

Out:   ``(key, JournalLine)`` with the partition's name as key.
State: byte offset and line number of the next line, per partition.
"""

from __future__ import annotations

from pathlib import Path

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.jsonl.layout import part_file, part_name, translated
from connectors.polling import JournalLine, PolledPartition, Position, Reading


class _Partition(PolledPartition):
    def __init__(self, directory: Path, partition: int, resumed: Position | None, reading: Reading) -> None:
        super().__init__(partition, resumed or (0, 0), reading)
        self._path = part_file(directory, partition)
        self._key = part_name(partition)
        with translated(self._path):
            self._file = self._path.open("rb")
            self._file.seek(self._offset)

    def close(self) -> None:
        self._file.close()

    def _is_over(self) -> bool:
        return not self._reading.follow

    def _read(self) -> list[tuple[str, JournalLine]]:
        with translated(self._path):
            return self._lines()

    def _lines(self) -> list[tuple[str, JournalLine]]:
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
