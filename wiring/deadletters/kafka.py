"""Read the topics of one generation on Kafka record by record, as ``wiring.views.topics`` reads files.

What arrived twice, because a stage was restarted while it wrote, is told once; a cutover's mark, which only the
publisher reads, not at all. A generation that was replayed from the middle lacks its first stages: what these say is
what they said in the generation that it was replayed from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import Headers, sequence_of, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held, offset_of
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt
from contracts.registry import read_journal, read_record
from wiring.kafka.publishing.marks import is_mark
from wiring.kafka.replay import read_replay
from wiring.kafka.running import Site
from wiring.topics import STAGES, stage_producers
from wiring.views.topics import Place


class Told(NamedTuple):
    """A message that is told for the first time."""

    place: Place
    headers: Headers
    value: bytes


@dataclass(slots=True)
class Mark:
    """How far a partition was read: the ``next`` offset, and the next position that each stage is to give."""

    next: int = 0
    expected: dict[str, int] = field(default_factory=dict)

    def is_new(self, headers: Headers) -> bool:
        """Whether a stage's message is told for the first time."""
        stage, position = stage_of(headers) or "", sequence_of(headers)
        if position < self.expected.get(stage, 0):
            return False
        self.expected[stage] = position + 1
        return True


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """The topics of one generation, from their first message that is still there to the end that they have now.

    ``before``: the generation that it was replayed from, whose stages count where its own (``ran``) did not run.
    """

    cluster: Cluster
    naming: Naming
    partitions: int
    before: KafkaTopics | None = None
    ran: frozenset[str] = frozenset(STAGES)

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All records of a topic. Raises ``StopWorker`` where it cannot be read, ``StateCorrupt`` for what is none."""
        yield from self._written(topic, None)

    def _written(self, topic: str, only: frozenset[str] | None) -> Iterator[tuple[Place, Envelope]]:
        """What a topic holds, or of it what these stages wrote ``only``."""
        writers = _writers(topic)
        wanted = writers if only is None else only
        if self.before is not None and (theirs := wanted - self.ran):
            yield from self.before._written(topic, theirs)
        if wanted & self.ran or not writers:
            for told in self.since(topic, {}):
                if only is None or stage_of(told.headers) in wanted & self.ran:
                    yield told.place, self.read(topic, told)

    def _reads(self, topic: str) -> KafkaTopics:
        """The generation that has the topic, where stages of a single one write it."""
        stages = _writers(topic)
        if self.before is None or not stages or stages & self.ran:
            return self
        return self.before._reads(topic)

    def since(self, topic: str, marks: dict[int, Mark]) -> Iterator[Told]:
        """What came behind ``marks`` (by partition), which are moved on before it is told; raises as ``records``.

        What the topic no longer holds is passed over, as when it is read from its first message.
        """
        if (other := self._reads(topic)) is not self:
            yield from other.since(topic, marks)
            return
        name = self.naming.topic(topic)
        places = [(name, partition) for partition in range(self.partitions)]
        for (_, partition), there in held(self.cluster.admin(), places).items():
            mark = marks.setdefault(partition, Mark())
            if mark.next > there.end:
                raise StateCorrupt(
                    f"topic {name}, partition {partition} ends before {mark.next}, which was read"
                )
            start = max(mark.next, there.first)
            for message in between(self.cluster, name, partition, start, there.end):
                mark.next = offset_of(message) + 1
                told = Told(Place(partition, offset_of(message)), headers_of(message), message.value() or b"")
                is_new = topic == "journal" or mark.is_new(told.headers)
                if is_new and not is_mark(topic, told.headers):
                    yield told

    def firsts(self, topic: str) -> dict[int, int]:
        """The first offset that each partition still holds."""
        name = self._reads(topic).naming.topic(topic)
        places = [(name, partition) for partition in range(self.partitions)]
        return {part: there.first for (_, part), there in held(self.cluster.admin(), places).items()}

    def read(self, topic: str, told: Told) -> Envelope:
        """The record of a message. Raises ``StateCorrupt``."""
        if topic == "journal":
            return read_journal(*told.place, told.value)
        try:
            return read_record(topic, told.value)
        except RejectItem as exc:
            where = (
                f"topic {self._reads(topic).naming.topic(topic)}, partition {told.place.part}, "
                f"offset {told.place.offset}"
            )
            raise StateCorrupt(f"{where}: {exc}") from exc


def _writers(topic: str) -> frozenset[str]:
    """The stages that write a topic; none of the journal."""
    return frozenset(stage_producers().get(topic, ()))


def topics_of(site: Site) -> KafkaTopics:
    """The topics of the site's generation, and of those that it was replayed from. Raises ``StateCorrupt``."""
    begun = read_replay(site)
    own = KafkaTopics(site.cluster, site.naming, site.partitions)
    if begun is None:
        return own
    before = topics_of(replace(site, naming=replace(site.naming, generation=begun.of)))
    return replace(own, before=before, ran=frozenset(begun.stages))
