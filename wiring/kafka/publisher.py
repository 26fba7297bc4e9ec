"""The publisher: one process that alone writes the topics subscribers read, from the generation that is active.

In:    of each public topic the active generation's own, partition by partition.
Out:   ``undercurrent.themes.v1`` and its like; positions under ``undercurrent-publisher``; a health file.
State: none of its own: it resumes from the public topics (``publishing.starts``), on any host.
Elsewhere: what is published and when the generation changes (``publishing.lane``).

Everything is delivered before its position is told. Nothing is lost by a kill, and nothing repeated unless messages
of the dead process arrive after the next one looked. One publisher at a time: a lock in its directory keeps a second
one on the same host away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaError, Message, TopicPartition

from connectors.kafka.admin import topics_as_asked
from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.messages import ID, KafkaMessage, header
from connectors.kafka.names import Naming
from connectors.kafka.reading import gone, headers_of, held, offset_of, passes
from connectors.kafka.writing import Outlet, Writer
from contracts.errors import StopWorker
from wiring.engine import draining_on_signals
from wiring.health import HealthFile
from wiring.kafka.home import Member, StageHome, joined
from wiring.kafka.publishing.around import Around, Asking
from wiring.kafka.publishing.book import Book, Place
from wiring.kafka.publishing.lane import PUBLISHER, Departure, Lane, Rules
from wiring.kafka.publishing.leaving import departures
from wiring.kafka.publishing.marks import Position, Sourced
from wiring.kafka.publishing.starts import Start, all_starts
from wiring.topics import load_topics, published, stage_producers

# How often positions are told, and so the most that is read again, and not published again, after a kill.
TELL_EVERY_S = 1.0
POLL_S = 0.5
BATCH = 500

# All partitions together; a public record is a few KB.
_BOUNDS = {
    "queued_max_messages_kbytes": 16384,
    "fetch_message_max_bytes": 1 << 20,
    "fetch_queue_backoff_ms": 10,
}


@dataclass(frozen=True, slots=True)
class Publishing:
    """How a publisher is run.

    Without ``follow`` it ends once it has read all that the generations hold; ``skip_lost`` lets it go on behind what
    retention deleted unpublished; ``leave`` names a generation that ended, and need not come to the newest order;
    ``tell`` says notices to people.
    """

    follow: bool = True
    skip_lost: bool = False
    leave: str | None = None
    tell: Callable[[str], None] = lambda _notice: None


def publisher_home(data: Path) -> StageHome:
    """The publisher's directory: its lock and its health file."""
    return StageHome(data / PUBLISHER)


def rules_of(place: Place) -> Rules:
    """What a public partition is: its marks are those of the stage that is declared first among its producers."""
    short, partition = place
    is_table = load_topics()[short].cleanup == "compact"
    return Rules(short, partition, stage_producers()[short][0], is_table)


def public_places(partitions: int) -> list[Place]:
    """Every public partition."""
    return [(short, partition) for short in sorted(published()) for partition in range(partitions)]


def publish(cluster: Cluster, naming: Naming, partitions: int, data: Path, how: Publishing) -> bool:
    """Run until a signal (True), or without ``follow`` until all is published. Raises ``PipelineError``.

    ``naming`` has the generation that is active where nothing was ever published.
    """
    home = publisher_home(data)
    with draining_on_signals() as draining, joined(home, Member(), lambda: None):
        beat = HealthFile(home.root / "health-0.json", PUBLISHER)
        publisher = Publisher(cluster, naming, partitions, how)
        try:
            while not (draining.is_set() or publisher.is_over):
                beat.touch()
                publisher.turn()
            publisher.finish()
        finally:
            publisher.close()
        return draining.is_set()


class Publisher:
    """All lanes of one process, on one consumer and one producer. Raises ``StopWorker`` from every method."""

    def __init__(self, cluster: Cluster, naming: Naming, partitions: int, how: Publishing) -> None:
        self._cluster = cluster
        self._naming = naming
        self._how = how
        self._places = public_places(partitions)
        topics_as_asked(cluster, sorted({naming.public(short) for short, _ in self._places}), partitions)
        starts, lost = all_starts(cluster, naming, self._places, skip_lost=how.skip_lost)
        for one in lost:
            how.tell(one)
        self._departures = self._ordered()
        self._admin = cluster.admin()
        self._writer = Writer(cluster)
        self._book = Book(cluster, naming.prefix)
        # Who waits for more lets the broker wait for it; who ends soon asks often.
        self._consumer = cluster.consumer(**_BOUNDS, fetch_wait_max_ms=500 if how.follow else 10)
        self._asking = Asking(cluster, self._admin)
        self._ended: set[Place] = set()
        self._changed: set[Place] = set()
        self._next_tell = 0.0
        self._outlets = self._opened()
        self._lanes = {place: self._lane(place, starts[place]) for place in self._places}
        self._by_source = {self._source(lane): place for place, lane in self._lanes.items()}
        self._begin()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to read, and nobody waits for more."""
        return not self._how.follow and len(self._ended) == len(self._places)

    def turn(self) -> None:
        """Wait a moment for messages, publish what follows from them, and tell where that led."""
        with kafka_errors("reading the generations' topics"):
            first = self._consumer.poll(POLL_S)
            messages = [] if first is None else [first, *self._consumer.consume(BATCH - 1, 0)]
        for message in messages:
            error = message.error()
            if error is None:
                self._take(message)
            else:
                self._note(error, message)
        self._writer.poll()
        if time.monotonic() >= self._next_tell:
            self._next_tell = time.monotonic() + TELL_EVERY_S
            self._settle()
            self._book.tell(self._positions())

    def finish(self) -> None:
        """Wait for every delivery and tell the last positions."""
        self._settle()
        self._book.close(self._positions())
        for lane in self._lanes.values():
            if lane.waiting_for is not None:
                self._how.tell(
                    f"{lane}: waits for {lane.waiting_for.generation} to reach cutover {lane.waiting_for.since}"
                )

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _ordered(self) -> dict[Place, Departure]:
        if self._how.leave is None:
            return {}
        return departures(self._cluster, replace(self._naming, generation=self._how.leave), self._places)

    def _opened(self) -> dict[Place, Outlet]:
        names = {place: (self._naming.public(place[0]), place[1]) for place in self._places}
        there = held(self._admin, names.values())
        return {place: self._writer.outlet(*name, there[name].end) for place, name in names.items()}

    def _lane(self, place: Place, start: Start) -> Lane:
        outlet = self._outlets[place]
        around = Around(
            self._asking, self._naming, rules_of(place), lambda: self._writer.settle(outlet), self._how.tell
        )
        return Lane(around.rules, around, start.position, start.sequences)

    def _source(self, lane: Lane) -> tuple[str, int]:
        naming = replace(self._naming, generation=lane.generation)
        return naming.topic(lane.rules.topic), lane.rules.partition

    def _begin(self) -> None:
        self._writer.connect()
        # Before anything is published: a partition of which nothing is known must be one where nothing happened.
        self._book.tell_now(self._positions())
        with kafka_errors("reading the generations' topics"):
            self._consumer.assign(
                [TopicPartition(*self._source(lane), lane.reading[1]) for lane in self._lanes.values()]
            )

    def _take(self, message: Message) -> None:
        place = self._by_source.get((str(message.topic()), int(message.partition() or 0)))
        if place is None:
            return  # read ahead from a generation that was left since
        self._ended.discard(place)
        self._changed.add(place)
        lane = self._lanes[place]
        before = self._source(lane)
        key, value = message.key(), message.value()
        for published_ in lane.take(Sourced(offset_of(message), key, value, headers_of(message))):
            self._send(place, published_)
        if self._source(lane) != before:
            self._turn_to(place, before)

    def _send(self, place: Place, message: KafkaMessage) -> None:
        name = header(message.headers, ID) or str(message.position)
        self._writer.send(self._outlets[place], name, message.key, message.value, message.headers)

    def _turn_to(self, place: Place, before: tuple[str, int]) -> None:
        """Read another generation."""
        lane = self._lanes[place]
        after = self._source(lane)
        del self._by_source[before]
        self._by_source[after] = place
        with kafka_errors(f"reading {after[0]}"):
            self._consumer.incremental_unassign([TopicPartition(*before)])
            self._consumer.incremental_assign([TopicPartition(*after, lane.reading[1])])

    def _leave(self, place: Place) -> None:
        """All that a generation wrote that ended was taken: go over to the one that was ordered."""
        lane = self._lanes[place]
        if lane.generation != self._how.leave:
            return
        before = self._source(lane)
        lane.leave(self._departures[place])
        if self._source(lane) != before:
            self._ended.discard(place)
            self._turn_to(place, before)

    def _note(self, error: KafkaError, message: Message) -> None:
        """Wait through what passes by itself, stop at all else."""
        topic, partition = str(message.topic()), int(message.partition() or 0)
        place = self._by_source.get((topic, partition))
        if error.code() == KafkaError._PARTITION_EOF:
            if place is not None:
                self._ended.add(place)
                self._leave(place)
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            if place is not None:
                there = held(self._admin, [(topic, partition)])[topic, partition]
                raise gone(topic, partition, self._lanes[place].reading[1], there)
        elif not passes(error):
            raise StopWorker(
                f"topic {topic}, partition {partition}: {error.str()}; repair it, then start again"
            )

    def _settle(self) -> None:
        for place in self._changed:
            self._writer.settle(self._outlets[place])
        self._changed.clear()

    def _positions(self) -> dict[Place, Position]:
        """What may be told: everything before these is delivered, once it is settled."""
        lanes = self._lanes.items()
        return {place: lane.position for place, lane in lanes if not lane.position.is_standing}
