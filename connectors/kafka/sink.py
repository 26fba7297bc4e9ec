"""Let Bytewax write a stage's topics: what an epoch wrote is delivered before it commits, and never written twice.

In:    ``(lane, KafkaMessage)`` with ``<short topic>/p0003`` as lane: one partition of one topic.
State: per lane the offset behind what was delivered, and the next position of the stage's messages.
Elsewhere: how a message is made (``messages``); how a reader drops what arrived twice all the same (``source``).

A message's position makes it resumable: after a crash the lane is read from the snapshot's offset, and what the dead
run wrote there is not written again. This needs one writer of a stage's lane at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import ID, KafkaMessage, header, sequence_of, stage_of
from connectors.kafka.reading import REBUILD, between, gone, headers_of, held, offset_of
from connectors.kafka.writing import DELIVERED_WITHIN_S, Outlet, Writer
from contracts.errors import StateCorrupt

Position = tuple[int, int]
"""Offset behind the last delivered message, and the position of the next one."""


class Written(NamedTuple):
    """How far a stage's messages in a partition go: the ``next`` position, the id of the last, the log's ``end``."""

    next: int
    last_id: str | None
    end: int


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
        """Wait until everything is delivered; then what is recorded is what the broker has."""
        return self._writer.settle(self._outlet), self._next

    def _compare(self, position: int, name: str) -> None:
        there = self._written.last_id
        if position == self._written.next - 1 and there not in (None, name):
            raise StateCorrupt(
                f"{self._outlet}: position {position} holds {there}, the stage now makes {name} of the same input; "
                f"start the version that wrote it, or {REBUILD}"
            )


class KafkaSink(FixedPartitionedSink[KafkaMessage, Position]):
    """All partitions of all topics of one stage: ``lanes`` maps each lane to its full topic name and partition."""

    part_type = SinkPart

    def __init__(
        self,
        cluster: Cluster,
        lanes: Mapping[str, tuple[str, int]],
        stage: str,
        *,
        within_s: float = DELIVERED_WITHIN_S,
    ) -> None:
        self._cluster = cluster
        self._lanes = dict(sorted(lanes.items()))
        self._stage = stage
        self._writer = Writer(cluster, within_s=within_s)
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
        topic, partition = self._lanes[for_part]
        written = self._written(topic, partition, resume_state)
        position = resume_state[1] if resume_state else 0
        return self.part_type(self._writer, Outlet(topic, partition, written.end), position, written)

    @cached_property
    def _admin(self) -> AdminClient:
        return self._cluster.admin()

    def _written(self, topic: str, partition: int, resumed: Position | None) -> Written:
        there = held(self._admin, [(topic, partition)])[topic, partition]
        if resumed is None:
            return written_up_to(self._cluster, (topic, partition), self._stage, there.first, 0, there.end)
        offset, position = resumed
        if offset > there.end:
            raise gone(topic, partition, offset, there)
        # What retention took away behind the snapshot needs no second writing.
        return written_up_to(
            self._cluster, (topic, partition), self._stage, max(offset, there.first), position, there.end
        )


def written_up_to(
    cluster: Cluster, place: tuple[str, int], stage: str, start: int, position: int, end: int
) -> Written:
    """What lies behind a snapshot: the messages of ``stage`` from offset ``start``, where ``position`` comes first.

    A position may stand there twice, as a dead run's last messages may arrive late; none may be missing.
    """
    last_id = None
    first = start == 0 or position > 0
    for message in between(cluster, *place, start, end):
        headers = headers_of(message)
        if stage_of(headers) != stage:
            continue
        found = sequence_of(headers)
        if found > position and first:
            raise StateCorrupt(
                f"topic {place[0]}, partition {place[1]}: position {position} of stage {stage} is missing before "
                f"offset {offset_of(message)}; {REBUILD}"
            )
        first = True
        if found >= position:
            position, last_id = found + 1, header(headers, ID)
    return Written(position, last_id, end)
