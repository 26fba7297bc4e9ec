"""Let Bytewax write topics: one writer per file, at its own offset, cut back to the snapshot on resume.

In:    ``(lane, line)`` with ``<topic>/p0000`` as lane: one file of one topic.
State: the byte offset of each file, recorded once the disk has the bytes before it.
"""

from __future__ import annotations

import os
from pathlib import Path

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.layout import publish, sync_directory, translated, write_at


class Published:
    """Offsets on their way to readers: staged when a file is synced, published once that epoch committed."""

    def __init__(self) -> None:
        self._staged: dict[Path, int] = {}

    def stage(self, log_file: Path, offset: int) -> None:
        """The epoch that ends at ``offset`` is on disk but not yet committed."""
        self._staged[log_file] = offset

    def release(self) -> None:
        """Every staged epoch is committed: let readers see it."""
        while self._staged:
            publish(*self._staged.popitem())


class SinkPart(StatefulSinkPartition[bytes, int]):
    """One file being written."""

    def __init__(self, path: Path, resumed: int | None, published: Published) -> None:
        self._path = path
        self._published = published
        self._offset = self._synced = resumed or 0  # no snapshot: nothing was ever committed
        with translated(path):
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.ftruncate(self._fd, self._offset)
            os.fsync(self._fd)
        publish(path, self._offset)

    def write_batch(self, values: list[bytes]) -> None:
        """Write lines behind what was written before."""
        data = b"".join(line + b"\n" for line in values)
        with translated(self._path):
            write_at(self._fd, data, self._offset)
        self._offset += len(data)

    def snapshot(self) -> int:
        """Sync, then the offset: it never names bytes that the disk does not have."""
        if self._synced != self._offset:
            with translated(self._path):
                os.fsync(self._fd)
            self._synced = self._offset
        self._published.stage(self._path, self._offset)
        return self._offset

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


class JsonlSink(FixedPartitionedSink[bytes, int]):
    """All files of all topics of a flow, as one step: ``lanes`` says which there are."""

    part_type = SinkPart

    def __init__(self, logs: Path, lanes: Lanes, published: Published) -> None:
        self._logs = logs
        self._lanes = lanes
        self._published = published
        self._index = {name: index for index, name in enumerate(lanes.names)}

    def prepare(self) -> None:
        """Create the files that do not exist yet, empty and published as empty, so that readers can start."""
        for lane in self._lanes.names:
            path = self._lanes.file(self._logs, lane)
            with translated(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.exists():
                    continue
                publish(path, 0)
                path.touch(mode=0o600)
                sync_directory(path.parent)

    def list_parts(self) -> list[str]:
        """The names of all lanes."""
        return self._lanes.names

    def part_fn(self, item_key: str) -> int:
        """The place of a lane among all lanes, which Bytewax sorts by name."""
        return self._index[item_key]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> SinkPart:  # noqa: ARG002 Bytewax passes it
        """The writer of one file, cut back to what was committed."""
        return self.part_type(self._lanes.file(self._logs, for_part), resume_state, self._published)
