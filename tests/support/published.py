"""Generations written by hand on a real broker, and what a publisher makes of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage, Origin, header, message_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held
from contracts.commands import Command, Cutover
from contracts.envelope import EVERYONE, Envelope
from contracts.identity import output_id
from contracts.registry import write_record
from tests.support.broker import make_topics
from wiring.kafka.publisher import Publishing, publish, rules_of
from wiring.topics import published

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Generations:
    """Public topics and those of some generations; what a stage writes is collected, then ``flush`` puts it there."""

    cluster: Cluster
    naming: Naming
    data: Path
    partitions: int = 1
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)
    _waiting: dict[tuple[str, int], list[KafkaMessage]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def make(self, *generations: str) -> None:
        """Create the topics."""
        names = [Naming(self.naming.prefix, one).topic(short) for one in generations for short in published()]
        make_topics(self.cluster, [*names, *map(self.naming.public, published())], self.partitions)

    def say(
        self, generation: str, topic: str, ordinal: int, values: Iterable[tuple[str, str]], partition: int = 0
    ) -> None:
        """Key and value (empty: a tombstone) of what a stage writes because of one journal record."""
        for n, (key, value) in enumerate(values):
            name = output_id(f"{partition}-{ordinal}", rules_of((topic, 0)).stage, n)
            record = Envelope(id=name, kind="theme", tenant="acme", event_time=AT, ingested_at=AT)
            made = self._made(generation, topic, partition, record, value.encode() or None)
            self._waiting[made[0]].append(made[1]._replace(key=key.encode()))

    def mark(self, generation: str, ordinal: int, to: str) -> None:
        """The cutover's mark in every topic of a generation."""
        for topic in published():
            for partition in range(self.partitions):
                name = output_id(f"{partition}-{ordinal}", rules_of((topic, 0)).stage, 0)
                order = Cutover(generation=to)
                command = Command(
                    id=name, tenant=EVERYONE, event_time=AT, ingested_at=AT, author="ada", order=order
                )
                made = self._made(generation, topic, partition, command, write_record(command))
                self._waiting[made[0]].append(made[1])

    def drop(self, name: str, partition: int = 0) -> None:
        """Forget what was said to a partition: its stage does not run."""
        self._waiting.pop((name, partition), None)

    def flush(self) -> None:
        """Put what was said where it belongs."""
        producer = self.cluster.producer()
        for (name, partition), messages in self._waiting.items():
            for one in messages:
                producer.produce(name, one.value, one.key, partition=partition, headers=list(one.headers))
            messages.clear()
        assert producer.flush(30) == 0

    def publish(self, *, skip_lost: bool = False) -> None:
        """Run a publisher until everything is published."""
        self.flush()
        how = Publishing(follow=False, skip_lost=skip_lost, tell=self.notices.append)
        publish(self.cluster, self.naming, self.partitions, self.data, how)

    @property
    def argv(self) -> list[str]:
        """What does the same in a process that imports little."""
        where = [self.cluster.bootstrap, self.naming.prefix, str(self.data), str(self.partitions)]
        return [sys.executable, "-m", "tests.support.published", *where]

    def public(self, topic: str, partition: int = 0) -> list[str]:
        """``key=value`` of every public message."""
        return [
            f"{m.key.decode()}={(m.value or b'').decode()}" for m in self.messages(topic, partition) if m.key
        ]

    def table(self, topic: str, partition: int = 0) -> dict[bytes | None, bytes]:
        """What a reader of a compacted public topic holds."""
        last = {message.key: message.value for message in self.messages(topic, partition)}
        return {key: value for key, value in last.items() if value is not None}

    def messages(self, topic: str, partition: int = 0) -> list[KafkaMessage]:
        """Every public message of a partition, with its offset."""
        name = self.naming.public(topic)
        there = held(self.cluster.admin(), [(name, partition)])[name, partition]
        return [
            KafkaMessage(m.key(), m.value(), headers_of(m), m.offset() or 0)
            for m in between(self.cluster, name, partition, *there)
        ]

    def origins(self, topic: str, partition: int = 0) -> list[tuple[str | None, ...]]:
        """What tells every public message from every other: where it came from, under which cutover, and its id."""
        names = ("ce_source", "ce_id", "undercurrent-cutover", "undercurrent-phase")
        return [tuple(header(m.headers, name) for name in names) for m in self.messages(topic, partition)]

    def _made(
        self, generation: str, topic: str, partition: int, record: Envelope, value: bytes | None
    ) -> tuple[tuple[str, int], KafkaMessage]:
        place = (Naming(self.naming.prefix, generation).topic(topic), partition)
        self._waiting.setdefault(place, [])
        number = self._counts.get(place, 0)
        self._counts[place] = number + 1
        origin = Origin(topic, "theme_id", generation, rules_of((topic, 0)).stage, partition)
        return place, message_of(origin, number, record, value)


if __name__ == "__main__":
    at, prefix, data, cut = sys.argv[1:]
    Generations(Cluster(at), Naming(prefix), Path(data), int(cut)).publish()
