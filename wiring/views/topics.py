"""Read the topics of a data directory, record by record, only what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from connectors.jsonl.layout import part_file
from connectors.jsonl.log import read_log
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt
from contracts.registry import read_journal, read_record


class Place(NamedTuple):
    """Where a record lies: the part of its topic, and the byte its line starts at."""

    part: int
    offset: int


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below one ``logs`` folder."""

    logs: Path

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All committed records of a topic; none if it does not exist. Raises ``StateCorrupt``."""
        for part in self.parts(topic):
            offset = 0
            for ordinal, line in enumerate(read_log(self.logs / topic, part)):
                yield Place(part, offset), self._read(topic, Place(part, offset), ordinal, line.data)
                offset = line.next_offset

    def parts(self, topic: str) -> list[int]:
        """The numbers of the files that a topic has."""
        return sorted(int(path.stem[1:]) for path in (self.logs / topic).glob("p[0-9]*.jsonl"))

    def at(self, topic: str, place: Place) -> Envelope:
        """The one record at a place that ``records`` gave."""
        with part_file(self.logs / topic, place.part).open("rb") as file:
            file.seek(place.offset)
            return self._read(topic, place, 0, file.readline().rstrip(b"\n"))

    def _read(self, topic: str, place: Place, ordinal: int, data: bytes) -> Envelope:
        if topic == "journal":
            return read_journal(place.part, ordinal, data)
        try:
            return read_record(topic, data)
        except RejectItem as exc:
            path = part_file(self.logs / topic, place.part)
            raise StateCorrupt(f"{path}: byte {place.offset}: {exc}") from exc
