"""How far a run has come, read from its committed outputs alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import orjson

from connectors.jsonl.log import read_log
from contracts.identity import ordinal_of


class Tail:
    """New committed lines of one topic file since the last look; a restart of the writer repeats none."""

    def __init__(self, directory: Path, topic: str, partition: int = 0) -> None:
        self._topic = directory / "logs" / topic
        self._partition = partition
        self._offset = 0

    def lines(self) -> Iterator[bytes]:
        """Committed lines not seen yet."""
        for line in read_log(self._topic, self._partition, self._offset):
            self._offset = line.next_offset
            yield line.data


class Progress:
    """The last journal record that has gone through every stage."""

    def __init__(self, directory: Path) -> None:
        self._tail = Tail(directory, "assignments")
        self._seen = 0

    def records(self) -> int:
        """How many journal records are done, as far as committed outputs show."""
        for newest in deque(self._tail.lines(), maxlen=1):
            self._seen = ordinal_of(orjson.loads(newest)["id"]) + 1
        return self._seen
