"""Read the topics of one generation on Kafka record by record, as ``wiring.views.topics`` reads files.

What arrived twice, because a stage was restarted while it wrote, is told once; a cutover's mark, which only the
publisher reads, not at all. A generation that was replayed from the middle lacks its first stages: what these say is
what they said in the generation that it was replayed from, also where stages of both write one topic.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from connectors.kafka.admin import topics_as_asked
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import ID, Headers, header, sequence_of, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, between, headers_of, held, offset_of
from contracts.envelope import Envelope
from contracts.errors import RejectItem, StateCorrupt
from contracts.identity import ordinal_of
from contracts.registry import read_journal, read_record
from wiring.kafka.publishing.marks import is_mark
from wiring.kafka.replay import Replay, read_replay
from wiring.kafka.running import Site
from wiring.topics import stage_producers
from wiring.views.topics import Place

OF_ITEMS = frozenset({"intake", "extract"})
"""The stages whose questions are about items, and so the same in every generation; what is said of themes is of one."""

Until = Mapping[int, int]
"""By partition the journal ordinal before which records count; where a partition is left out, all do."""


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
class Source:
    """One topic of Kafka, and what counts of it: that of these stages, each up to its place; None: everything.

    ``short`` is what the topic is called in every generation.
    """

    cluster: Cluster
    short: str
    name: str
    partitions: int
    stages: Mapping[str, Until] | None = None

    def since(self, marks: dict[int, Mark]) -> Iterator[Told]:
        """What came behind ``marks`` (by partition), which are moved on before it is told.

        What the topic no longer holds is passed over, as when it is read from its first message. Raises
        ``StopWorker`` where it cannot be read, ``StateCorrupt`` where it ends before a mark.
        """
        for partition, there in self.held().items():
            mark = marks.setdefault(partition, Mark())
            if mark.next > there.end:
                raise StateCorrupt(
                    f"topic {self.name}, partition {partition} ends before {mark.next}, which was read"
                )
            start = max(mark.next, there.first)
            for message in between(self.cluster, self.name, partition, start, there.end):
                mark.next = offset_of(message) + 1
                told = Told(Place(partition, offset_of(message)), headers_of(message), message.value() or b"")
                is_new = self.short == "journal" or mark.is_new(told.headers)
                if is_new and not is_mark(self.short, told.headers) and self._counts(told):
                    yield told

    def firsts(self) -> dict[int, int]:
        """The first offset that each partition still holds."""
        return {partition: there.first for partition, there in self.held().items()}

    def read(self, told: Told) -> Envelope:
        """The record of a message. Raises ``StateCorrupt``."""
        if self.short == "journal":
            return read_journal(*told.place, told.value)
        try:
            return read_record(self.short, told.value)
        except RejectItem as exc:
            where = f"topic {self.name}, partition {told.place.part}, offset {told.place.offset}"
            raise StateCorrupt(f"{where}: {exc}") from exc

    def held(self) -> dict[int, Held]:
        """What each partition still holds."""
        places = [(self.name, partition) for partition in range(self.partitions)]
        return {part: there for (_, part), there in held(self.cluster.admin(), places).items()}

    def _counts(self, told: Told) -> bool:
        if self.stages is None:
            return True
        stage = stage_of(told.headers) or ""
        if stage not in self.stages:
            return False
        until = self.stages[stage].get(told.place.part)
        return until is None or ordinal_of(header(told.headers, ID) or "") < until


@dataclass(frozen=True)
class Origin:
    """The generation that another one was replayed from, and how."""

    topics: KafkaTopics
    replay: Replay

    @cached_property
    def began(self) -> Until:
        """The journal ordinals that the replay began at; none where it began at its input's very beginning."""
        if not self.replay.starts:
            return {}
        source = self.topics.source(self.replay.source)
        return {
            partition: _ordinal_at(source, partition, self.replay.starts.get(partition, 0), there)
            for partition, there in source.held().items()
        }


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """The topics of one generation, from their first message that is still there to the end that they have now.

    ``origin``: what it was replayed from, whose stages count where its own did not run.
    """

    cluster: Cluster
    naming: Naming
    partitions: int
    origin: Origin | None = None

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        """All records of a topic. Raises ``StopWorker`` where it cannot be read, ``StateCorrupt`` for what is none."""
        for source in self.sources(topic):
            for told in source.since({}):
                yield told.place, source.read(told)

    def source(self, topic: str) -> Source:
        """A topic of this very generation, all of it."""
        return Source(self.cluster, topic, self.naming.topic(topic), self.partitions)

    def sources(self, topic: str, *, earlier: bool = False) -> list[Source]:
        """Where the records of a topic lie, in the order in which generations began.

        With ``earlier`` also what the stages ``OF_ITEMS`` said of what lies before the place where this generation
        began, in those that it was replayed from: of these items its own stages know nothing.
        """
        writers = stage_producers().get(topic)
        if writers is None or self.origin is None:
            return [self.source(topic)]
        return self._sources(topic, {stage: {} for stage in writers}, earlier)

    def _sources(self, topic: str, wanted: Mapping[str, Until], earlier: bool) -> list[Source]:
        if self.origin is None:
            return [replace(self.source(topic), stages=wanted)]
        own = {stage: until for stage, until in wanted.items() if stage in self.origin.replay.stages}
        theirs = {stage: until for stage, until in wanted.items() if stage not in own}
        if earlier and OF_ITEMS & own.keys() and (began := self.origin.began):
            theirs |= {stage: _earlier(own[stage], began) for stage in OF_ITEMS & own.keys()}
        found = self.origin.topics._sources(topic, theirs, earlier) if theirs else []
        return [*found, replace(self.source(topic), stages=own)] if own else found


def _earlier(one: Until, other: Until) -> Until:
    return {part: min(one.get(part, sys.maxsize), until) for part, until in other.items()}


def _ordinal_at(source: Source, partition: int, offset: int, there: Held) -> int:
    """The journal ordinal of the first message at an offset or behind it; beyond all where there is none yet."""
    offset = max(offset, there.first)
    if source.short == "journal":
        return offset
    for message in between(source.cluster, source.name, partition, offset, min(offset + 1, there.end)):
        return ordinal_of(header(headers_of(message), ID) or "")
    return sys.maxsize


def topics_of(site: Site) -> KafkaTopics:
    """The topics of the site's generation, and of those that it was replayed from.

    Raises ``StateCorrupt``, and ``RecoveryRefused`` where they are cut otherwise: some tenants would not be seen.
    """
    topics_as_asked(site.cluster, [site.naming.journal], site.partitions)
    return _topics_of(site)


def _topics_of(site: Site) -> KafkaTopics:
    begun = read_replay(site)
    own = KafkaTopics(site.cluster, site.naming, site.partitions)
    if begun is None:
        return own
    before = _topics_of(replace(site, naming=replace(site.naming, generation=begun.of)))
    return replace(own, origin=Origin(before, begun))
