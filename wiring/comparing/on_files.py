"""A run in a data directory, as ``undercurrent run`` and ``demo`` leave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.identity import ordinal_of
from wiring.comparing.standing import partition_of
from wiring.views.topics import Topics


@dataclass(frozen=True, slots=True)
class DirectoryRun:
    """The topics of one data directory; all stages of it stand at the same place."""

    directory: Path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.directory)

    def ends(self) -> Mapping[int, int]:
        """See ``Run.ends``. Raises ``WrongUsage`` where there is no run."""
        topics = self._topics()
        ends: dict[int, int] = {}
        for _place, line in topics.lines("assignments"):
            record_id = str(orjson.loads(line)["id"])
            partition = partition_of(record_id)
            ends[partition] = max(ends.get(partition, -1), ordinal_of(record_id))
        return ends

    def issues_since(self) -> Mapping[int, int]:
        """See ``Run.issues_since``: files keep everything."""
        return {}

    def records(self, topic: str) -> Iterator[Envelope]:
        """See ``Run.records``."""
        return (record for _place, record in self._topics().records(topic))

    def _topics(self) -> Topics:
        topics = Topics(self.directory / "logs")
        if not topics.logs.is_dir():
            raise WrongUsage(
                f"{self.directory}: no run here (it has no folder logs); name the --out of a run"
            )
        return topics
