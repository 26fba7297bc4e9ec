"""Which file of a topic a stage writes to: every file has one writer, so its order is that stage's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.jsonl.layout import part_file, part_name
from contracts.errors import StopWorker


class Lanes:
    """Which file a stage's records of a topic go to, so that each file has one writer.

    ``producers`` names the stages that write to each topic, in an order that must never change: the
    stage at place ``i`` writes partition ``p`` to file ``i * partitions + p``.
    """

    def __init__(self, producers: Mapping[str, Sequence[str]], partitions: int) -> None:
        self.names = sorted(
            f"{topic}/{part_name(index)}"
            for topic, stages in producers.items()
            for index in range(len(stages) * partitions)
        )
        self._lane = {
            (topic, stage, partition): f"{topic}/{part_name(place * partitions + partition)}"
            for topic, stages in producers.items()
            for place, stage in enumerate(stages)
            for partition in range(partitions)
        }

    def lane(self, topic: str, stage: str, partition: int) -> str:
        """The lane of a record; a topic that does not name the stage as a producer stops the worker."""
        try:
            return self._lane[topic, stage, partition]
        except KeyError:
            raise StopWorker(f"stage {stage} is not a declared producer of topic {topic}") from None

    def file(self, logs: Path, lane: str) -> Path:
        """The file of a lane."""
        topic, part = lane.split("/")
        return part_file(logs / topic, int(part[1:]))
