"""Where each public partition stands, told to Kafka under the group ``<prefix>-publisher``.

In:    positions after their messages are delivered. Out: the positions of a run before this one.
The last message of a public partition says where it stands, and is what counts. These offsets are for a partition
that has none, because retention took it or nothing was published since the last cutover, and for lag tools. They live
in the cluster and not beside the process, so that a publisher on another host goes on as well.

An offset stands at the generation's topic; its metadata is the time and the ordinal of the cutover that made that
generation active. Of several generations the one with the highest ordinal is the active one. Kafka forgets such
offsets after ``offsets.retention.minutes`` (7 days), so they are told again and again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.groups import Telling, patiently, told_offsets
from connectors.kafka.names import MAJOR, Naming
from contracts.errors import StopWorker
from wiring.kafka.positions import position_group
from wiring.kafka.publishing.marks import NEVER, Position
from wiring.topics import INPUTS

AGAIN_EVERY_S = 600.0
"""Also positions that did not change are told again after this long: far below a week."""

ANSWERED_WITHIN_S = 10.0

Place = tuple[str, int]
"""Short name of a public topic, and partition."""

_LOG = logging.getLogger("undercurrent.publisher")


def publisher_group(prefix: str) -> str:
    """``undercurrent-publisher``."""
    return f"{prefix}-publisher"


def split_name(name: str, prefix: str) -> tuple[str, str] | None:
    """Generation and short name of a generation's topic, or None for any other topic."""
    parts = name.split(".")
    return (parts[1], parts[2]) if len(parts) == 4 and parts[0] == prefix and parts[3] == MAJOR else None


class Book:
    """Tells positions in the background; ``tell`` never waits and never fails."""

    def __init__(self, cluster: Cluster, prefix: str, *, clock: Callable[[], float] = time.time) -> None:
        self._prefix = prefix
        self._group = publisher_group(prefix)
        self._telling = Telling(cluster, self._group)
        self._clock = clock
        self._told: dict[Place, Position] = {}
        self._asked: dict[Place, Position] = {}
        self._again = 0.0

    def tell(self, positions: Mapping[Place, Position]) -> None:
        """Begin to tell what is new; nothing while the last answer is still awaited."""
        self._telling.poll()
        if self._telling.is_due:
            return
        if (refused := self._learn()) is not None:
            _LOG.warning("positions were not told: %s", refused)
        if self._clock() >= self._again:
            self._told = {}
            self._again = self._clock() + AGAIN_EVERY_S
        news = {place: at for place, at in positions.items() if self._told.get(place) != at}
        if news:
            self._send(news)

    def tell_now(self, positions: Mapping[Place, Position]) -> None:
        """Tell and wait. Raises ``StopWorker`` when the broker does not take them."""
        if positions:
            with kafka_errors(f"telling the positions of {self._group}"):
                patiently(lambda: self._insist(positions))

    def close(self, positions: Mapping[Place, Position]) -> None:
        """Tell the last positions; what cannot be told now follows from the public messages."""
        with suppress(StopWorker):
            self.tell_now({place: at for place, at in positions.items() if self._told.get(place) != at})

    def _insist(self, positions: Mapping[Place, Position]) -> None:
        self._telling.poll(ANSWERED_WITHIN_S)
        if not self._telling.is_due:
            self._learn()
            self._send(positions)
            self._telling.poll(ANSWERED_WITHIN_S)
        if self._telling.is_due:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        if (refused := self._learn()) is not None:
            raise KafkaException(refused)

    def _send(self, positions: Mapping[Place, Position]) -> None:
        now = self._clock()
        offsets = [
            TopicPartition(
                Naming(self._prefix, at.generation).topic(short),
                partition,
                at.offset,
                f"{now:.3f} {at.since}",
            )
            for (short, partition), at in positions.items()
        ]
        self._asked = dict(positions)
        self._telling.tell(offsets)

    def _learn(self) -> KafkaError | None:
        """What became of the last attempt; what was refused stays news."""
        asked, self._asked = self._asked, {}
        if not asked:
            return None
        if self._telling.refused is None:
            self._told.update(asked)
        return self._telling.refused


def told_positions(cluster: Cluster, prefix: str, shorts: Iterable[str]) -> dict[Place, list[Position]]:
    """What publishers told of each partition, a position for each generation, the active one last.

    Raises ``StopWorker`` when the broker does not answer.
    """
    wanted = set(shorts)
    names = {
        name: (named, cut)
        for name, cut in topics_there(cluster).items()
        if (named := split_name(name, prefix)) and named[1] in wanted
    }
    places = [(name, partition) for name, (_, cut) in names.items() for partition in range(cut)]
    found: dict[Place, list[Position]] = {}
    for one in told_offsets(cluster, publisher_group(prefix), places):
        generation, short = names[one.topic][0]
        since = _since(one.metadata)
        if since is not None:
            found.setdefault((short, one.partition), []).append(Position(generation, one.offset, since))
    return {place: sorted(positions, key=lambda at: at.rank) for place, positions in found.items()}


def topics_there(cluster: Cluster) -> dict[str, int]:
    """Every topic of the cluster and its number of partitions. Raises ``StopWorker``."""
    with kafka_errors("listing the topics"):
        topics = cluster.admin().list_topics(timeout=ANSWERED_WITHIN_S).topics
    return {name: len(found.partitions) for name, found in topics.items() if found.error is None}


def stage_offsets(cluster: Cluster, naming: Naming, stage: str) -> list[TopicPartition]:
    """What a stage of a generation told of its input, which may be another generation's. Raises ``StopWorker``."""
    short = INPUTS[stage]
    places = [
        (name, partition)
        for name, cut in topics_there(cluster).items()
        if name == naming.public(short) or (split_name(name, naming.prefix) or ("", ""))[1] == short
        for partition in range(cut)
    ]
    return told_offsets(cluster, position_group(naming, stage), places)


def _since(metadata: str | None) -> int | None:
    _time, space, since = (metadata or "").partition(" ")
    try:
        return max(NEVER, int(since)) if space else None
    except ValueError:
        return None
