"""Feed a dispatcher from the topics ``linear`` and ``alerts``, wherever they lie, and let it deliver meanwhile.

At least once: a position is saved once its records are rows of the outbox, and a record that comes again makes no
second row. On Kafka the public topics are read, which hold what the active generation decided and nothing of any other.
"""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from connectors.jsonl.log import read_log
from connectors.kafka.cluster import kafka_errors
from connectors.kafka.reading import held, offset_of, passes
from connectors.store.cursors import CursorStore
from connectors.vendors.port import Cursor
from contracts.envelope import Envelope
from contracts.errors import RetryLater, StopWorker
from contracts.registry import read_stage
from wiring.dispatch.dispatcher import Dispatcher
from wiring.kafka.running import Site
from wiring.views.topics import Topics

TOPICS = ("linear", "alerts")
READER = "dispatch"
BATCH = 200
POLL_S = 0.2
IDLE_S = 0.2
"""Between two looks at what is due."""


class Feed(Protocol):
    """Where records come from."""

    def read(self) -> list[Envelope]:
        """The next records, in order; none at the end."""
        ...

    def taken(self, now: datetime) -> None:
        """What ``read`` gave last is durable elsewhere."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether all was read that there is (on Kafka: that there was when this began)."""
        ...


class LogFeed:
    """The topics of a data directory."""

    def __init__(self, logs: Path, cursors: CursorStore, most: int = BATCH) -> None:
        """``most`` records of each file at once."""
        self._logs = logs
        self._most = most
        self._cursors = cursors
        self._read: dict[str, int] = {}

    def read(self) -> list[Envelope]:
        """From the saved positions on; in the files' order."""
        self._read = {}
        return [record for topic in TOPICS for part in self._parts(topic) for record in self._of(topic, part)]

    def taken(self, now: datetime) -> None:
        """Save the positions."""
        for stream, offset in self._read.items():
            self._cursors.save(READER, stream, Cursor({"offset": offset}, (offset,)), now)

    @property
    def is_over(self) -> bool:
        """Whether the last look found nothing."""
        return not self._read

    def _parts(self, topic: str) -> list[int]:
        return Topics(self._logs).parts(topic)

    def _of(self, topic: str, part: int) -> Iterator[Envelope]:
        stream = f"{topic}/{part}"
        known = self._cursors.read(READER, stream)
        start = int(known.state["offset"]) if known else 0
        for count, line in enumerate(read_log(self._logs / topic, part, start)):
            if count == self._most:
                return
            self._read[stream] = line.next_offset
            yield read_stage(topic, line.data)


class KafkaFeed:
    """The public topics of a cluster; several dispatchers may read them all."""

    def __init__(self, site: Site, cursors: CursorStore, tell: Callable[[str], None]) -> None:
        self._cursors = cursors
        self._short = {site.naming.public(topic): topic for topic in TOPICS}
        self._next: dict[tuple[str, int], int] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self._fresh: set[tuple[str, int]] = set()
        self._consumer: Consumer = site.cluster.consumer(fetch_wait_max_ms=50)
        places = [(topic, partition) for topic in self._short for partition in range(site.partitions)]
        for place, there in held(site.cluster.admin(), places).items():
            known = cursors.read(READER, _stream(place))
            at = int(known.state["offset"]) if known else there.first
            if not there.first <= at <= there.end:
                tell(
                    f"{place[0]}, partition {place[1]}: read up to {at}, it holds {there.first} to {there.end}"
                )
                at = there.first
            self._next[place], self._ends[place] = at, there.end
        with kafka_errors("reading what is to be dispatched"):
            self._consumer.assign([TopicPartition(*place, at) for place, at in self._next.items()])

    def read(self) -> list[Envelope]:
        """What there is within ``POLL_S`` seconds."""
        with kafka_errors("reading what is to be dispatched"):
            first = self._consumer.poll(POLL_S)
            messages = [] if first is None else [first, *self._consumer.consume(BATCH, 0)]
        return [record for message in messages for record in self._record(message)]

    def taken(self, now: datetime) -> None:
        """Save the positions that moved."""
        for place in self._fresh:
            cursor = Cursor({"offset": self._next[place]}, (self._next[place],))
            self._cursors.save(READER, _stream(place), cursor, now)
        self._fresh.clear()

    @property
    def is_over(self) -> bool:
        """Whether the ends are reached that the topics had."""
        return all(self._next[place] >= end for place, end in self._ends.items())

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _record(self, message: Message) -> Iterator[Envelope]:
        error, topic = message.error(), message.topic() or ""
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF and not passes(error):
                raise StopWorker(f"topic {topic}: {error.str()}; repair it, then start again")
            return
        place = (topic, message.partition() or 0)
        self._next[place] = offset_of(message) + 1
        self._fresh.add(place)
        if value := message.value():
            yield read_stage(self._short[topic], value)


async def dispatch(
    feed: Feed,
    dispatcher: Dispatcher,
    clock: Callable[[], datetime],
    draining: Callable[[], bool],
    *,
    follow: bool,
    beat: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Take and deliver, side by side, until a signal, or without ``follow`` until nothing is to be read or due.

    While the store or the broker is away this waits for them. What came of it.
    """
    outcomes: Counter[str] = Counter()

    async def take() -> bool:
        records = await to_thread(feed.read)
        for record in records:
            outcomes["taken"] += await dispatcher.take(record)
        await to_thread(feed.taken, clock())
        return bool(records)

    async def deliver() -> bool:
        came = await dispatcher.deliver_due(clock())
        outcomes.update(came)
        return bool(came)

    if follow:
        alive = partial(_alive, draining, beat)
        async with asyncio.TaskGroup() as both:
            both.create_task(_turns(take, alive))
            both.create_task(_turns(deliver, alive))
        return +outcomes
    while not draining():
        beat()
        try:
            if not (await take() or not feed.is_over or await deliver()):
                break
        except RetryLater as exc:
            await asyncio.sleep(max(exc.retry_after_s, IDLE_S))
    return +outcomes


async def _turns(turn: Callable[[], Awaitable[bool]], alive: Callable[[], bool]) -> None:
    while alive():
        try:
            wait_s = 0.0 if await turn() else IDLE_S
        except RetryLater as exc:
            wait_s = max(exc.retry_after_s, IDLE_S)
        await asyncio.sleep(wait_s)


def _alive(draining: Callable[[], bool], beat: Callable[[], None]) -> bool:
    beat()
    return not draining()


def _stream(place: tuple[str, int]) -> str:
    return f"{place[0]}/{place[1]}"
