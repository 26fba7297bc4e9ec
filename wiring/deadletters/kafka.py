"""Read the topics of one generation on Kafka record by record, as ``wiring.views.topics`` reads files.

What arrived twice, because a stage was restarted while it wrote, is told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import sequence_of, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held, offset_of
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt
from contracts.registry import read_journal, read_record
from wiring.views.topics import Place


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """The topics of one generation, from their first message that is still there to the end that they have now."""

    cluster: Cluster
    naming: Naming
    partitions: int

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All records of a topic. Raises ``StopWorker`` where it cannot be read, ``StateCorrupt`` for what is none."""
        name = self.naming.topic(topic)
        places = [(name, partition) for partition in range(self.partitions)]
        for (_, partition), there in held(self.cluster.admin(), places).items():
            expected: dict[str | None, int] = {}
            for message in between(self.cluster, name, partition, there.first, there.end):
                place, value = Place(partition, offset_of(message)), message.value() or b""
                if topic == "journal":
                    yield place, read_journal(*place, value)
                    continue
                headers = headers_of(message)
                stage, position = stage_of(headers), sequence_of(headers)
                if position >= expected.get(stage, 0):
                    expected[stage] = position + 1
                    yield place, self._read(topic, name, place, value)

    @staticmethod
    def _read(topic: str, name: str, place: Place, value: bytes) -> Envelope:
        try:
            return read_record(topic, value)
        except RejectItem as exc:
            raise StateCorrupt(f"topic {name}, partition {place.part}, offset {place.offset}: {exc}") from exc
