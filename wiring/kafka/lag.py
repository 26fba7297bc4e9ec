"""How far each stage is behind its input: read from Kafka alone, so it is told also when a stage is down.

In:    the ends of the input topics, the positions that stages tell (``positions``), the first message not done.
Out:   a ``LagReport``; ``LagCollector`` gives it to Prometheus.
State: the timestamps of messages already looked at; a fixed number of clients, whatever asks and how often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # public, but not in its list
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.kafka.cluster import Cluster, answer_of, kafka_errors
from connectors.kafka.names import Naming
from contracts.errors import PipelineError
from wiring.kafka.positions import beat_in, position_group
from wiring.kafka.publishing.book import split_name
from wiring.topics import INPUTS

# Each question to the broker; a broker that is away fails the reading after this.
ANSWERED_WITHIN_S = 5.0
# All first messages together; one that does not come in this time is left out of the report.
FIRST_MESSAGES_WITHIN_S = 3.0

_END = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_START = OffsetSpec.earliest()  # type: ignore[no-untyped-call]

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One input partition of a stage; ``position`` is the next offset to read, None before the stage's first word.

    ``oldest_s``: the timestamp of the first message not done, Unix seconds; 0 when there is none, None when it
    could not be read.
    """

    stage: str
    topic: str
    partition: int
    position: int | None
    end: int
    lag: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class LagReport:
    """All partitions that exist, and when each stage last told its positions (Unix seconds).

    A stage is as lively as its slowest process: its heartbeat is that of the partition told longest ago.
    ``idle``: the stages that this generation, made by a replay, does not run.
    """

    partitions: tuple[PartitionLag, ...]
    heartbeats: Mapping[str, float]
    idle: tuple[str, ...] = ()


class LagReader:
    """Reads the lag of one generation, again and again; for one thread.

    The first stage of a replay reads another generation's topic; the stages before it do not run and are left out.
    """

    def __init__(self, cluster: Cluster, naming: Naming | None = None) -> None:
        self._naming = naming or Naming()
        self._inputs = {stage: self._naming.topic(short) for stage, short in INPUTS.items()}
        # A broker that is away is told of once, by who asked, and not by the client twenty times a second.
        quiet = replace(cluster, properties={**cluster.properties, "log_level": "0"})
        self._admin = quiet.admin()
        # It looks at one message of a partition: fetch no more than that needs.
        self._consumer = quiet.consumer(
            auto_offset_reset="earliest",
            queued_min_messages=1,
            queued_max_messages_kbytes=4096,
            fetch_message_max_bytes=64 << 10,
            fetch_wait_max_ms=100,
        )
        groups = {stage: position_group(self._naming, stage) for stage in self._inputs}
        self._asking = {stage: quiet.consumer(group_id=group) for stage, group in groups.items()}
        self._seen: dict[Place, tuple[int, float]] = {}

    def read(self, *, ages: bool = True) -> LagReport:
        """The lag now; without ``ages`` no ``oldest_s``, which takes reading messages. Raises ``StopWorker``."""
        with kafka_errors("reading the lag"):
            places, told = self._known()
            ends = self._offsets([place for found in places.values() for place in found], _END)
            silent = [place for stage, found in places.items() for place in found if place not in told[stage]]
            starts = self._offsets(silent, _START)
            positions = {place: at for stage in places for place, (at, _beat) in told[stage].items()}
            first = self._first_timestamps({**starts, **positions}, ends) if ages else {}
        partitions = tuple(
            self._partition(stage, place, positions.get(place), starts, ends, first)
            for stage, found in places.items()
            for place in found
        )
        beats = {stage: min(beat for _at, beat in found.values()) for stage, found in told.items() if found}
        idle = tuple(stage for stage in self._inputs if stage not in places)
        return LagReport(partitions, {stage: beat for stage, beat in beats.items() if beat}, idle)

    def close(self) -> None:
        """Leave the broker."""
        for consumer in (self._consumer, *self._asking.values()):
            consumer.close()

    @staticmethod
    def _partition(
        stage: str,
        place: Place,
        position: int | None,
        starts: Mapping[Place, int],
        ends: Mapping[Place, int],
        first: Mapping[Place, float],
    ) -> PartitionLag:
        done = starts[place] if position is None else position
        lag = max(0, ends[place] - done)
        oldest_s = first.get(place) if lag else 0.0
        return PartitionLag(stage, *place, position, ends[place], lag, oldest_s)

    def _known(self) -> tuple[dict[str, list[Place]], dict[str, dict[Place, tuple[int, float]]]]:
        """The input partitions of each stage that runs, and what it told of them."""
        places = {stage: self._places(topic) for stage, topic in self._inputs.items()}
        told = {stage: self._told(stage, found) for stage, found in places.items()}
        for stage in [stage for stage in places if not told[stage]]:
            elsewhere = self._elsewhere(stage)
            if elsewhere is not None:
                running = list(places)[list(places).index(stage) :]
                places = {**{one: places[one] for one in running}, stage: self._places(elsewhere)}
                told = {**{one: told[one] for one in running}, stage: self._told(stage, places[stage])}
                break
        return places, told

    def _elsewhere(self, stage: str) -> str | None:
        """The topic of another generation of which a stage told, of several the latest."""
        short, prefix = INPUTS[stage], self._naming.prefix
        topics = self._consumer.list_topics(timeout=ANSWERED_WITHIN_S).topics
        others = {n: t for n, t in topics.items() if (split_name(n, prefix) or ("", ""))[1] == short}
        told = self._told(
            stage, [(name, part) for name, topic in others.items() for part in topic.partitions]
        )
        newest = max(told, key=lambda place: told[place][1], default=None)
        return None if newest is None else newest[0]

    def _places(self, topic: str) -> list[Place]:
        """The partitions of a topic; none where it does not exist (yet)."""
        found = self._consumer.list_topics(topic, timeout=ANSWERED_WITHIN_S).topics[topic]
        return [] if found.error else [(topic, number) for number in sorted(found.partitions)]

    def _told(self, stage: str, places: list[Place]) -> dict[Place, tuple[int, float]]:
        """What a stage told of its input: position and heartbeat (0 where somebody else wrote the offset)."""
        if not places:
            return {}
        # A consumer asks, not an admin client: one whose coordinator just moved ends the process (librdkafka 2.16,
        # ``rd_kafka_handle_OffsetFetch`` takes it for a member of a group).
        answer = self._asking[stage].committed(
            [TopicPartition(*place) for place in places], timeout=ANSWERED_WITHIN_S
        )
        return {
            (one.topic, one.partition): (one.offset, beat_in(one.metadata) or 0.0)
            for one in answer
            if one.offset >= 0 and not one.error
        }

    def _offsets(self, places: list[Place], which: OffsetSpec) -> dict[Place, int]:
        if not places:
            return {}
        wanted = {TopicPartition(*place): which for place in places}
        futures: dict[TopicPartition, Future[Any]] = self._admin.list_offsets(
            wanted, request_timeout=ANSWERED_WITHIN_S
        )
        return {(one.topic, one.partition): answer_of(future).offset for one, future in futures.items()}

    def _first_timestamps(self, done: Mapping[Place, int], ends: Mapping[Place, int]) -> dict[Place, float]:
        """When the first message at or behind each position was written; read once for each position."""
        behind = {place: at for place, at in done.items() if at < ends.get(place, 0)}
        self._seen = {p: seen for p, seen in self._seen.items() if behind.get(p) == seen[0]}
        wanted = {place: at for place, at in behind.items() if place not in self._seen}
        if wanted:
            self._consumer.assign([TopicPartition(*place, at) for place, at in wanted.items()])
            try:
                self._look(wanted)
            finally:
                self._consumer.unassign()
        return {place: timestamp for place, (_at, timestamp) in self._seen.items()}

    def _look(self, wanted: dict[Place, int]) -> None:
        """Poll until each assigned partition has shown a message, or the time is over."""
        deadline = time.monotonic() + FIRST_MESSAGES_WITHIN_S
        missing = set(wanted)
        while missing and (left := deadline - time.monotonic()) > 0:
            message = self._consumer.poll(min(left, 0.2))
            if message is None:
                continue
            place = (str(message.topic()), int(message.partition() or 0))
            if (error := message.error()) is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    continue  # said again, or the time is over
            elif place in missing:
                self._seen[place] = (wanted[place], message.timestamp()[1] / 1000)
            if place in missing:
                missing.remove(place)
                self._consumer.incremental_unassign([TopicPartition(*place)])


class LagCollector(Collector):
    """The newest report as Prometheus metrics; after a failed reading no lag is told rather than an old one."""

    def __init__(self, read: Callable[[], LagReport], *, clock: Callable[[], float] = time.time) -> None:
        self._read = read
        self._clock = clock
        self._report = LagReport((), {})
        self._scrapes = 0
        self._failures = 0
        self._succeeded_s = 0.0

    def refresh(self) -> PipelineError | None:
        """Read once; what failed, if anything did, which is counted and left to the next time."""
        try:
            self._report = self._read()
            self._succeeded_s = self._clock()
        except PipelineError as exc:
            self._report = LagReport((), self._report.heartbeats)  # timestamps stay true
            self._failures += 1
            return exc
        else:
            return None
        finally:
            self._scrapes += 1

    def collect(self) -> Iterator[Metric]:
        """All metrics of the newest report, taken together."""
        report = self._report
        lag = GaugeMetricFamily(
            "undercurrent_consumer_lag_messages",
            "Messages of an input partition that the stage has not done.",
            labels=("stage", "topic", "partition"),
        )
        oldest = GaugeMetricFamily(
            "undercurrent_oldest_unprocessed_timestamp_seconds",
            "When the first message not done was written; 0 when there is none.",
            labels=("stage", "partition"),
        )
        for one in report.partitions:
            lag.add_metric((one.stage, one.topic, str(one.partition)), one.lag)
            if one.oldest_s is not None:
                oldest.add_metric((one.stage, str(one.partition)), one.oldest_s)
        beat = GaugeMetricFamily(
            "undercurrent_stage_heartbeat_timestamp_seconds",
            "When the slowest process of the stage last told its positions.",
            labels=("stage",),
        )
        for stage, at in report.heartbeats.items():
            beat.add_metric((stage,), at)
        yield from (lag, oldest, beat)
        yield CounterMetricFamily("undercurrent_lag_scrapes", "Readings of the lag.", self._scrapes)
        yield CounterMetricFamily("undercurrent_lag_scrape_failures", "Readings that failed.", self._failures)
        yield GaugeMetricFamily(
            "undercurrent_lag_scrape_timestamp_seconds", "When the lag was last read.", self._succeeded_s
        )
