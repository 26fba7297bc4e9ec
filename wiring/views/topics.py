"""Read the topics of a data directory, record by record, only what was committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from connectors.jsonl.layout import part_file
from connectors.jsonl.log import read_log
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt
from contracts.registry import read_journal, read_record


class Place(NamedTuple):
    """Where a record lies: the part of its topic, and the byte its line starts at."""

    part: int
    offset: int


class Records(Protocol):
    """Topics to read, wherever they lie."""

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All committed records of a topic; none if it does not exist. Raises ``StateCorrupt``."""
        ...


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below one ``logs`` folder."""

    logs: Path

    def lines(self, topic: str) -> Iterator[tuple[Place, bytes]]:
        """All committed lines of a topic, of all its files; none if it does not exist."""
        for part in self.parts(topic):
            offset = 0
            for line in read_log(self.logs / topic, part):
                yield Place(part, offset), line.data
                offset = line.next_offset

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All committed records of a topic; none if it does not exist. Raises ``StateCorrupt``."""
        ordinals: Counter[int] = Counter()
        for place, data in self.lines(topic):
            yield place, self._read(topic, place, ordinals[place.part], data)
            ordinals[place.part] += 1

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
