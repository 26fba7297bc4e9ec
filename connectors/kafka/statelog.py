"""A stage's state log as a Kafka topic, one partition per journal partition.

A value is lines of ``StateEntry``; its headers name the session that wrote it and the checksum of the chain up to its
end. A topic cannot be cut back, and a dead run's last message may arrive late, so every load begins a new session and
a pointer says which session's messages count between which offsets; all others never happened.

When a generation has grown to a multiple of its size after the last compaction, the living entries are written again
behind it. The generation before stays until the next compaction, because the snapshot that points to the new one may
not be committed yet.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from uuid import uuid4

import orjson
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.cluster import Cluster, answer_of
from connectors.kafka.messages import Headers, header
from connectors.kafka.reading import REBUILD, Ranges, gone, headers_of, held, offset_of
from connectors.kafka.writing import DELIVERED_WITHIN_S, Writer
from contracts.errors import StateCorrupt
from contracts.pointer import Change, Pointer, Segment

SESSION = "undercurrent-session"
CHECKSUM = "undercurrent-checksum"

# Entries of one message together, 256 KB: few messages for a large state, small beside a broker's limit.
_MESSAGE_BYTES = 256 << 10

# Restarts without a compaction between them; more would make every snapshot carry the list.
_MOST_SEGMENTS = 64

_EMPTY = Pointer(generation=0, bytes=0, entries=0, base_bytes=0, checksum="00000000")


class KafkaStateLogs:
    """Opens the state logs of a process; they share one producer, one consumer and one admin client."""

    def __init__(self, cluster: Cluster, *, within_s: float = DELIVERED_WITHIN_S) -> None:
        self.cluster = cluster
        self.ranges = Ranges(cluster)
        self.writer = Writer(cluster, within_s=within_s, linger_ms=0)  # whoever appends waits for it

    def open(
        self,
        topic: str,
        partition: int,
        *,
        compact_from_bytes: int = 4 << 20,
        compact_growth: float = 4.0,
    ) -> KafkaStateLog:
        """The log of one stage (its topic) and partition; compaction as with ``JsonlStateLog``."""
        return KafkaStateLog(self, topic, partition, compact_from_bytes, compact_growth)

    @cached_property
    def admin(self) -> AdminClient:
        """The client that is asked for offsets and deletes old generations."""
        return self.cluster.admin()


class KafkaStateLog:
    """The state log of one stage for one partition; see ``operators.statelog.StateLog``."""

    def __init__(
        self, logs: KafkaStateLogs, topic: str, partition: int, compact_from_bytes: int, compact_growth: float
    ) -> None:
        self._logs = logs
        self._topic = topic
        self._partition = partition
        self._compact_from_bytes = compact_from_bytes
        self._compact_growth = compact_growth
        self._outlet = logs.writer.outlet(topic, partition)
        self._session = ""
        self._at = _EMPTY

    def load(self, pointer: Pointer | None) -> Iterator[Change]:
        """Every change up to the pointer; see ``StateLog.load``."""
        self._at = pointer or _EMPTY
        self._session = uuid4().hex
        self._logs.writer.connect()
        self._outlet = self._logs.writer.outlet(self._topic, self._partition)
        for line in self._verified():
            entry = orjson.loads(line)
            yield entry["table"], entry["key"], entry["value"]

    def append(self, changes: Iterable[Change]) -> Pointer:
        """Write the changes and wait until they are delivered; see ``StateLog.append``."""
        lines = (orjson.dumps({"table": t, "key": k, "value": v}) for t, k, v in changes)
        self._at = self._appended(lines, self._at)
        limit = max(self._compact_from_bytes, self._compact_growth * self._at.base_bytes)
        if self._at.bytes > limit or len(self._at.segments) > _MOST_SEGMENTS:
            self._compact()
        return self._at

    def close(self) -> None:
        """Nothing of its own to let go of."""

    def _appended(self, lines: Iterable[bytes], at: Pointer) -> Pointer:
        """``at`` moved on behind these entries, once they are delivered."""
        crc, size, entries = int(at.checksum, 16), at.bytes, at.entries
        for value, count in _messages(lines):
            crc = zlib.crc32(value, crc)
            headers = ((SESSION, self._session.encode()), (CHECKSUM, b"%08x" % crc))
            name = f"of entries {entries} to {entries + count - 1}"
            self._logs.writer.send(self._outlet, name, None, value, headers)
            size, entries = size + len(value), entries + count
        if entries == at.entries:
            return at
        end = self._logs.writer.settle(self._outlet)
        segments = self._segments_up_to(end, at.segments)
        return Pointer(at.generation, size, entries, at.base_bytes, f"{crc:08x}", segments)

    def _segments_up_to(self, end: int, before: tuple[Segment, ...]) -> tuple[Segment, ...]:
        if before and before[-1].session == self._session:
            return (*before[:-1], before[-1]._replace(end=end))
        return (*before, Segment(self._session, self._outlet.first, end))

    def _compact(self) -> None:
        living: dict[tuple[str, str], bytes] = {}
        for line in self._verified():
            entry = orjson.loads(line)
            if entry["value"] is None:
                living.pop((entry["table"], entry["key"]), None)
            else:
                living[entry["table"], entry["key"]] = line
        before = self._at
        self._outlet = self._logs.writer.outlet(self._topic, self._partition)
        base = Pointer(before.generation + 1, 0, 0, 0, _EMPTY.checksum)
        base = self._appended((living[row] for row in sorted(living)), base)
        self._at = Pointer(
            base.generation, base.bytes, base.entries, base.bytes, base.checksum, base.segments
        )
        self._forget_before(before.segments[0].start)

    def _verified(self) -> Iterator[bytes]:
        """Every entry up to the pointer, each message checked against the chain of checksums."""
        crc = size = entries = 0
        for offset, value, headers in self._counting():
            crc = zlib.crc32(value, crc)
            if header(headers, CHECKSUM) != f"{crc:08x}":
                raise StateCorrupt(
                    f"{self._place}: not the bytes that were written, at offset {offset}; {REBUILD}"
                )
            lines = value.split(b"\n")
            size, entries = size + len(value), entries + len(lines)
            yield from lines
        if (size, entries, f"{crc:08x}") != (self._at.bytes, self._at.entries, self._at.checksum):
            raise StateCorrupt(f"{self._place}: not the log its snapshot points to; {REBUILD}")

    def _counting(self) -> Iterator[tuple[int, bytes, Headers]]:
        """The messages that the pointer's segments name: offset, value, headers."""
        segments = self._at.segments
        if not segments:
            return
        there = held(self._logs.admin, [(self._topic, self._partition)])[self._topic, self._partition]
        first, last = segments[0].start, segments[-1].end
        if first < there.first or last > there.end:
            raise gone(self._topic, self._partition, first if first < there.first else last, there)
        # One range for all segments: between two lies only what a dead run wrote and never committed.
        left = iter(segments)
        at = next(left)
        for message in self._logs.ranges.between(self._topic, self._partition, first, last):
            offset = offset_of(message)
            while offset >= at.end:
                at = next(left)
            headers = headers_of(message)
            if offset >= at.start and header(headers, SESSION) == at.session:
                yield offset, message.value() or b"", headers

    def _forget_before(self, offset: int) -> None:
        place = TopicPartition(self._topic, self._partition, offset)
        try:
            answer_of(self._logs.admin.delete_records([place], request_timeout=10)[place])
        except KafkaException:
            return  # it costs space and nothing else; the next compaction asks again

    @property
    def _place(self) -> str:
        return f"topic {self._topic}, partition {self._partition}"


def _messages(lines: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Values of about ``_MESSAGE_BYTES``, and the number of entries in each."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and size + len(line) > _MESSAGE_BYTES:
            yield b"\n".join(batch), len(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield b"\n".join(batch), len(batch)
