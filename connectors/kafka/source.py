"""Let Bytewax read a topic: every offset in order, from where the state says, or not at all.

Out:   ``(key, JournalLine)`` with the partition's name as key, as from files.
State: the next offset and the next ordinal, per partition; consumer groups and committed offsets are not used.
Elsewhere: what a line means (the pipeline's ``decode``); how a message is made (``messages``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.jsonl.layout import part_name
from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.messages import sequence_of
from connectors.kafka.reading import REBUILD, gone, headers_of, held, offset_of, passes
from connectors.polling import JournalLine, PolledPartition, Position, Reading
from contracts.errors import StateCorrupt, StopWorker
from contracts.registry import UNKEYED

NumberedBy = Literal["offset", "sequence"]
"""What the ordinal of a message is: its offset (the journal), or the position its stage gave it."""

UNKNOWN = -1
"""The ordinal of the next message until the first one names it."""

# A partition's share of memory and of one answer: 12 partitions, each 20 MB behind, took 70 MB together.
_BOUNDS = {
    "fetch_message_max_bytes": 1 << 20,
    "queued_max_messages_kbytes": 2048,
    "queued_min_messages": 2000,
    "fetch_queue_backoff_ms": 10,  # the client's own second would starve a reader of large messages
}


class KafkaSource(FixedPartitionedSource[tuple[str, JournalLine], Position]):
    """All partitions of one topic, a consumer each; their number never changes.

    ``starts`` gives the first offset of partitions that have no state yet; without it that is 0, and a log
    that begins later is refused. An offset that is not there stops the worker: nothing is ever skipped.
    """

    def __init__(
        self,
        cluster: Cluster,
        topic: str,
        partitions: int,
        reading: Reading,
        *,
        numbered_by: NumberedBy = "offset",
        starts: Mapping[int, int] | None = None,
    ) -> None:
        self.topic = topic
        self.duplicates = 0
        self.cluster = cluster
        self.reading = reading
        self.numbered_by = numbered_by
        self._starts = dict(starts or {})
        self._partitions = {part_name(p): p for p in range(partitions)}

    def list_parts(self) -> list[str]:
        """The names of all partitions."""
        return list(self._partitions)

    def build_part(
        self,
        step_id: str,  # noqa: ARG002 Bytewax passes it
        for_part: str,
        resume_state: Position | None,
    ) -> StatefulSourcePartition[tuple[str, JournalLine], Position]:
        """A reader that goes on at the snapshot's offset. Raises ``StateCorrupt`` if that is not there."""
        partition = self._partitions[for_part]
        return _Partition(self, partition, resume_state or self._first(partition))

    @cached_property
    def admin(self) -> AdminClient:
        """The client that is asked which offsets there are."""
        return self.cluster.admin()

    def _first(self, partition: int) -> Position:
        start = self._starts.get(partition, 0)
        return start, start if self.numbered_by == "offset" or start == 0 else UNKNOWN


class _Partition(PolledPartition):
    def __init__(self, source: KafkaSource, partition: int, position: Position) -> None:
        super().__init__(partition, position, source.reading)
        self._source = source
        self._key = part_name(partition)
        self._place = f"topic {source.topic}, partition {partition}"
        there = held(source.admin, [(source.topic, partition)])[source.topic, partition]
        if not there.first <= self._offset <= there.end:
            raise gone(source.topic, partition, self._offset, there)
        self._end = there.end
        self._reached = self._offset
        self._consumer = self._opened()

    def close(self) -> None:
        self._consumer.close()

    def _opened(self) -> Consumer:
        consumer = self._source.cluster.consumer(**_BOUNDS)
        with kafka_errors(f"reading {self._place}"):
            consumer.assign([TopicPartition(self._source.topic, self._partition, self._offset)])
        return consumer

    def _is_over(self) -> bool:
        """At the end that the log had at the start; ``_reached`` knows of offsets that hold no message."""
        return not self._reading.follow and max(self._offset, self._reached) >= self._end

    def _read(self) -> list[tuple[str, JournalLine]]:
        batch: list[tuple[str, JournalLine]] = []
        with kafka_errors(f"reading {self._place}"):
            # Never wait in here: the other partitions of this worker would wait too.
            messages = self._consumer.consume(self._reading.batch, 0)
        for message in messages:
            error = message.error()
            if error is not None:
                self._note(error, message)
            elif self._reading.follow or offset_of(message) < self._end:
                self._take(message, batch)
        return batch

    def _take(self, message: Message, batch: list[tuple[str, JournalLine]]) -> None:
        ordinal = self._ordinal_of(message)
        self._offset = offset_of(message) + 1
        if ordinal < self._ordinal:
            self._source.duplicates += 1
            return
        if ordinal > self._ordinal != UNKNOWN:
            raise StateCorrupt(
                f"{self._place}: number {self._ordinal} is missing, number {ordinal} stands at offset "
                f"{offset_of(message)}; {REBUILD}"
            )
        self._ordinal = ordinal + 1
        # No value is no record: what decodes it makes a dead letter of it, with its place.
        value = message.value() or b""
        if message.key() is None and self._source.numbered_by == "offset":
            value = UNKEYED + value  # its producer did not say whose it is, so nor where it belongs
        batch.append((self._key, JournalLine(self._partition, ordinal, value)))

    def _ordinal_of(self, message: Message) -> int:
        if self._source.numbered_by == "offset":
            return offset_of(message)
        try:
            return sequence_of(headers_of(message))
        except StateCorrupt as exc:
            raise StateCorrupt(f"{self._place}, offset {offset_of(message)}: {exc}") from exc

    def _note(self, error: KafkaError, message: Message) -> None:
        """Wait through what passes by itself, stop at all else."""
        if error.code() == KafkaError._PARTITION_EOF:
            self._reached = offset_of(message)
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            source = self._source
            there = held(source.admin, [(source.topic, self._partition)])[source.topic, self._partition]
            raise gone(source.topic, self._partition, self._offset, there)
        elif not passes(error):
            raise StopWorker(
                f"{self._place}, offset {self._offset}: {error.str()}; repair it, then start again"
            )
