"""Let Bytewax write a stage's topics: what an epoch wrote is delivered before it commits, and never written twice.

In:    ``(lane, KafkaMessage)`` with ``<short topic>/p0003`` as lane: one partition of one topic.
State: per lane the offset behind what was delivered, and the next position of the stage's messages.
Elsewhere: how a message is made (``messages``); how a reader drops what arrived twice all the same (``source``).

A message's position makes it resumable: after a crash the lane is read from the snapshot's offset, and what the dead
run wrote there is not written again. This needs one writer of a stage's lane at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import NamedTuple

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import ID, KafkaMessage, header, sequence_of, stage_of
from connectors.kafka.reading import REBUILD, Ranges, gone, headers_of, held, offset_of
from connectors.kafka.writing import DELIVERED_WITHIN_S, Outlet, Writer
from contracts.errors import StateCorrupt

Position = tuple[int, int]
"""Offset behind the last delivered message, and the position of the next one."""


class Written(NamedTuple):
    """What lies in a partition from offset ``start`` up to before ``end``: a stage's messages up to before ``next``."""

    start: int
    end: int
    next: int
    last_id: str | None


class SinkPart(StatefulSinkPartition[KafkaMessage, Position]):
    """One lane being written; positions below ``written.next`` lie in the topic already."""

    def __init__(self, writer: Writer, outlet: Outlet, position: int, written: Written) -> None:
        self._writer = writer
        self._outlet = outlet
        self._next = position
        self._written = written

    def write_batch(self, values: list[KafkaMessage]) -> None:
        """Send the messages that no earlier run delivered. Raises ``StateCorrupt`` at a missing position."""
        for message in values:
            if message.position != self._next:
                raise StateCorrupt(
                    f"{self._outlet}: position {self._next} comes next, got {message.position}; {REBUILD}"
                )
            self._next += 1
            name = header(message.headers, ID) or str(message.position)
            if message.position < self._written.next:
                self._compare(message.position, name)
            else:
                self._writer.send(self._outlet, name, message.key, message.value, message.headers)
        self._writer.poll()

    def snapshot(self) -> Position:
        """Wait until everything is delivered; then what is recorded is what the broker has.

        While the replay is behind what a dead run wrote, the next run must look from where this one did.
        """
        end = self._writer.settle(self._outlet)
        return self._written.start if self._next < self._written.next else end, self._next

    def _compare(self, position: int, name: str) -> None:
        there = self._written.last_id
        if position == self._written.next - 1 and there not in (None, name):
            raise StateCorrupt(
                f"{self._outlet}: position {position} holds {there}, the stage now makes {name} of the same input; "
                f"start the version that wrote it, or {REBUILD}"
            )


class KafkaSink(FixedPartitionedSink[KafkaMessage, Position]):
    """All partitions of all topics of one stage: ``lanes`` maps each lane to its full topic name and partition.

    In the topics named ``compacted`` a position may be missing: a later message of its key took its place.
    """

    part_type = SinkPart

    def __init__(
        self,
        cluster: Cluster,
        lanes: Mapping[str, tuple[str, int]],
        stage: str,
        *,
        compacted: Collection[str] = (),
        within_s: float = DELIVERED_WITHIN_S,
    ) -> None:
        self._cluster = cluster
        self._compacted = frozenset(compacted)
        self._lanes = dict(sorted(lanes.items()))
        self._stage = stage
        self._writer = Writer(cluster, within_s=within_s)
        self._ranges = Ranges(cluster)
        self._index = {name: index for index, name in enumerate(self._lanes)}

    def list_parts(self) -> list[str]:
        """The names of all lanes."""
        return list(self._lanes)

    def part_fn(self, item_key: str) -> int:
        """The place of a lane among all lanes, which Bytewax sorts by name."""
        return self._index[item_key]

    def build_part(
        self,
        step_id: str,  # noqa: ARG002 Bytewax passes it
        for_part: str,
        resume_state: Position | None,
    ) -> SinkPart:
        """The writer of one lane, which knows what an earlier run wrote behind the snapshot."""
        self._writer.connect()
        topic, partition = self._lanes[for_part]
        position = resume_state or (0, 0)
        written = self._written(topic, partition, position)
        return self.part_type(
            self._writer, self._writer.outlet(topic, partition, written.end), position[1], written
        )

    @cached_property
    def _admin(self) -> AdminClient:
        return self._cluster.admin()

    def _written(self, topic: str, partition: int, resumed: Position) -> Written:
        """What an earlier run wrote behind a snapshot.

        A position may stand there twice, as a dead run's last messages may arrive late; none may be missing, but for
        what retention took away, which needs no second writing.
        """
        offset, position = resumed
        there = held(self._admin, [(topic, partition)])[topic, partition]
        if offset > there.end:
            raise gone(topic, partition, offset, there)
        last_id = None
        may_jump = offset < there.first
        for message in self._ranges.between(topic, partition, max(offset, there.first), there.end):
            headers = headers_of(message)
            if stage_of(headers) != self._stage:
                continue
            found = sequence_of(headers)
            if found > position and not may_jump and topic not in self._compacted:
                raise StateCorrupt(
                    f"topic {topic}, partition {partition}: position {position} of stage {self._stage} is missing "
                    f"before offset {offset_of(message)}; {REBUILD}"
                )
            may_jump = False
            if found >= position:
                position, last_id = found + 1, header(headers, ID)
        return Written(offset, there.end, position, last_id)
