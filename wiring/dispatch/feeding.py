"""Feed a dispatcher from the topics ``linear`` and ``alerts``, wherever they lie, and let it deliver meanwhile.

At least once: a position is saved once its records are rows of the outbox, and a record that comes again makes no
second row. On Kafka the public topics are read, which hold what the active generation decided and nothing of any other.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import to_thread
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol
from zlib import crc32

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from connectors.jsonl.layout import part_file
from connectors.jsonl.log import read_log
from connectors.kafka.cluster import kafka_errors
from connectors.kafka.reading import WITHIN_S, held, offset_of, passes
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

    def rest(self) -> Iterator[Envelope]:
        """All that there is, for somebody who only looks: no position is saved."""
        ...


class _Behind(NamedTuple):
    """The offset behind a line, the line's bytes with its newline, and their checksum without it."""

    offset: int
    length: int
    crc: int


class LogFeed:
    """The topics of a data directory."""

    def __init__(self, logs: Path, cursors: CursorStore) -> None:
        self._logs = logs
        self._cursors = cursors
        self._read: dict[str, _Behind] = {}

    def read(self) -> list[Envelope]:
        """From the saved positions on, ``BATCH`` records of each file at most; in the files' order."""
        self._read = {}
        places = [(topic, part) for topic in TOPICS for part in self._parts(topic)]
        return [record for topic, part in places for record in self._of(topic, part, BATCH)]

    def taken(self, now: datetime) -> None:
        """Save the positions."""
        for stream, at in self._read.items():
            self._cursors.save(READER, stream, Cursor(at._asdict(), (at.offset,)), now)

    @property
    def is_over(self) -> bool:
        """Whether the last look found nothing."""
        return not self._read

    def rest(self) -> Iterator[Envelope]:
        """All behind the saved positions, in the files' order."""
        return (
            record
            for topic in TOPICS
            for part in self._parts(topic)
            for record in self._of(topic, part, None)
        )

    def _parts(self, topic: str) -> list[int]:
        return Topics(self._logs).parts(topic)

    def _of(self, topic: str, part: int, most: int | None) -> Iterator[Envelope]:
        stream = f"{topic}/{part}"
        start = self._start(stream, part_file(self._logs / topic, part))
        for count, line in enumerate(read_log(self._logs / topic, part, start)):
            if count == most:
                return
            self._read[stream] = _Behind(line.next_offset, len(line.data) + 1, crc32(line.data))
            yield read_stage(topic, line.data)

    def _start(self, stream: str, path: Path) -> int:
        """The saved offset, if the line before it is the one that was read; a topic that was rebuilt begins anew."""
        known = self._cursors.read(READER, stream)
        if known is None:
            return 0
        if "crc" not in known.state or _is_there(path, _Behind(**known.state)):
            return int(known.state["offset"])
        self._cursors.forget(READER, stream)
        return 0


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
                cursors.forget(READER, _stream(place))  # or what is read now would count as read before
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

    def rest(self) -> Iterator[Envelope]:
        """All up to the ends that the topics had. Raises ``RetryLater`` where nothing comes for ``WITHIN_S``."""
        heard, at = time.monotonic(), dict(self._next)
        while not self.is_over:
            yield from self.read()
            if at != self._next:
                heard, at = time.monotonic(), dict(self._next)
            elif time.monotonic() - heard > WITHIN_S:
                why = f"the broker sends nothing of what is to be dispatched for {WITHIN_S:.0f} s"
                raise RetryLater(why, retry_after_s=WITHIN_S)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _record(self, message: Message) -> Iterator[Envelope]:
        error, topic = message.error(), message.topic() or ""
        place = (topic, message.partition() or 0)
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                # Also behind offsets that are no message, say a commit's.
                self._next[place] = max(self._next[place], offset_of(message))
            elif not passes(error):
                raise StopWorker(f"topic {topic}: {error.str()}; repair it, then start again")
            return
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
    take = _Taking(feed, dispatcher, clock, outcomes)

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


@dataclass
class _Taking:
    """Takes what the feed gives. A feed gives it once: what a store that was away did not take waits here."""

    feed: Feed
    dispatcher: Dispatcher
    clock: Callable[[], datetime]
    outcomes: Counter[str]
    _waiting: deque[Envelope] = field(default_factory=deque)

    async def __call__(self) -> bool:
        """Take what waits, else what comes; whether there was any."""
        if not self._waiting:
            self._waiting.extend(await to_thread(self.feed.read))
        found = bool(self._waiting)
        while self._waiting:
            self.outcomes["taken"] += await self.dispatcher.take(self._waiting[0])
            self._waiting.popleft()
        await to_thread(self.feed.taken, self.clock())
        return found


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


def _is_there(path: Path, at: _Behind) -> bool:
    """Whether the line that ended there still does."""
    try:
        with path.open("rb") as file:
            file.seek(at.offset - at.length)
            line = file.read(at.length)
    except FileNotFoundError:
        return False
    return line.endswith(b"\n") and crc32(line[:-1]) == at.crc


def _stream(place: tuple[str, int]) -> str:
    return f"{place[0]}/{place[1]}"
