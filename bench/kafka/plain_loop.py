"""A stage as one would write it by hand: a consumer, the step, a producer, and a file that says how far it came.

It promises what our flow promises. Every second all messages are flushed, the bulk state goes to the state log, and
offsets, positions and small state go into one file that is replaced whole. After a kill -9 it reads that file, loads
the state, goes on at its offsets, and does not write again what a run before it wrote behind the last commit; a message
that arrived twice is dropped by its ordinal, one that is missing stops it. What it lacks: more than one process, a
check of topics and directory before the start, draining, health, lag, and a state that moves between processes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage, sequence_of, stage_of
from connectors.kafka.reading import between, headers_of, held, offset_of
from connectors.kafka.statelog import KafkaStateLogs
from contracts.errors import StateCorrupt, StopWorker
from flows.stages import Pipeline
from operators.hosting import Emitted, Handed, StepHost
from wiring.datadir import write_whole
from wiring.kafka.recovery import StageTopics

COMMIT_EVERY_S = 1.0
READ_AT_ONCE = 500
DELIVERED_WITHIN_S = 30.0


class PlainLoop:
    """One stage, all partitions, one process. ``run`` goes on from ``file`` to the end that the input has now."""

    def __init__(
        self,
        cluster: Cluster,
        pipeline: Pipeline,
        topics: StageTopics,
        file: Path,
        write: Callable[[Emitted], KafkaMessage],
    ) -> None:
        (self._stage,) = pipeline.stages
        self._cluster = cluster
        self._decode = pipeline.decode
        self._partitions = range(pipeline.partitions)
        self._topics = topics
        self._file = file
        self._write = write
        self._logs = KafkaStateLogs(cluster)
        self._producer = cluster.producer(message_timeout_ms=0, enable_gapless_guarantee=True)
        self._failed: list[KafkaError] = []
        self._committed: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
        self._offsets: dict[int, int] = {}
        self._hosts: dict[int, StepHost] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self._there: dict[tuple[str, int], int] = {}

    def run(self) -> None:
        """Read to the end. Raises ``StopWorker`` or ``StateCorrupt``; the next run goes on behind the last commit."""
        places = {p: self._committed.get("offsets", {}).get(str(p), 0) for p in self._partitions}
        consumer = self._cluster.consumer()
        # First of all, as our source does: what lies there is fetched while state and outputs are looked at.
        consumer.assign([TopicPartition(self._topics.input, p, at) for p, at in places.items()])
        self._offsets = places
        self._resume()
        ends = {p: there.end for (_t, p), there in self._held(self._topics.input).items()}
        due = time.monotonic() + COMMIT_EVERY_S
        while any(self._offsets[p] < ends[p] for p in self._partitions):
            self._on_messages(consumer.consume(READ_AT_ONCE, 0.05))
            if time.monotonic() >= due:
                self._commit()
                due = time.monotonic() + COMMIT_EVERY_S
        self._commit()
        consumer.close()

    def _resume(self) -> None:
        """Take up the last commit, and learn what was written behind it."""
        for p in self._partitions:
            snapshot = self._committed.get("snapshots", {}).get(str(p))
            log = self._logs.open(self._topics.state, p)
            self._hosts[p] = StepHost(self._stage.name, p, self._stage.make(p), log)
            self._hosts[p].restore(snapshot)
        for short, name in self._topics.outputs.items():
            for (_name, p), there in self._held(name).items():
                behind = self._committed.get("ends", {}).get(f"{short} {p}", there.first)
                self._ends[short, p] = there.end
                self._there[short, p] = self._next_position(name, p, behind, there.end)

    def _next_position(self, topic: str, partition: int, start: int, end: int) -> int:
        """The position behind the last one that this stage wrote from ``start`` on; 0 where it wrote none."""
        found = 0
        for message in between(self._cluster, topic, partition, start, end):
            headers = headers_of(message)
            if stage_of(headers) == self._stage.name:
                found = max(found, sequence_of(headers) + 1)
        return found

    def _on_messages(self, messages: Sequence[Message]) -> None:
        handed: dict[int, list[Handed]] = {}
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF or error.retriable():
                    continue
                raise StopWorker(f"{self._topics.input}: {error.str()}; repair it, then start again")
            p, ordinal = message.partition() or 0, sequence_of(headers_of(message))
            self._offsets[p] = offset_of(message) + 1
            handed.setdefault(p, []).append(
                Handed(p, ordinal, self._decode(p, ordinal, message.value() or b""))
            )
        for p, batch in handed.items():
            for emitted in self._hosts[p].on_batch(batch):
                self._send(emitted)

    def _send(self, emitted: Emitted) -> None:
        place = (emitted.out.topic, emitted.partition)
        if emitted.position < self._there[place]:
            return  # a run before this one wrote it
        message = self._write(emitted)

        def delivered(error: KafkaError | None, sent: Message) -> None:
            if error is None:
                self._ends[place] = offset_of(sent) + 1
            else:
                self._failed.append(error)

        while True:
            try:
                self._producer.produce(
                    self._topics.outputs[emitted.out.topic],
                    message.value,
                    message.key,
                    emitted.partition,
                    delivered,
                    headers=list(message.headers),
                )
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as exc:
                raise StopWorker(
                    f"{emitted.out.topic}: {exc.args[0].str()}; repair it, then start again"
                ) from exc
            else:
                self._producer.poll(0)
                return

    def _commit(self) -> None:
        """Deliver, write the state, then say how far all of it came."""
        if self._producer.flush(DELIVERED_WITHIN_S) or self._failed:
            raise StopWorker(f"not everything was delivered: {self._failed or 'the broker is away'}")
        committed = {
            "snapshots": {str(p): host.snapshot() for p, host in self._hosts.items() if host.applied},
            "offsets": self._offsets,
            "ends": {f"{short} {p}": end for (short, p), end in self._ends.items()},
        }
        write_whole(self._file, json.dumps(committed).encode())

    def _held(self, topic: str) -> dict[tuple[str, int], Any]:
        found = held(self._cluster.admin(), [(topic, p) for p in self._partitions])
        if any(there.first > 0 for there in found.values()) and not self._committed:
            raise StateCorrupt(f"{topic}: its beginning is gone, and there is no state; restore the topic")
        return dict(found)
