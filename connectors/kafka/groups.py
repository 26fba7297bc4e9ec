"""Offsets that a consumer group holds, told and read: for people and tools to see, and where a publisher stands.

Consumers tell and ask, not admin clients. Of librdkafka 2.16's, one whose coordinator just moved ends the process, one
did while its broker stood still or was started again, and one never answered again behind that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.reading import WITHIN_S, passes

ANSWERED_WITHIN_S = 10.0
# How long a client with an answer still due takes to end where the broker is away: the least that brokers allow.
_ENDS_WITHIN = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 2000}

T = TypeVar("T")


class Telling:
    """Tells offsets under a group that nobody joins; never waits.

    ``refused``: what the broker said of what was answered last, None: it took it.
    """

    def __init__(self, cluster: Cluster, group: str) -> None:
        self.refused: KafkaError | None = None
        self._due = 0
        self._consumer = cluster.consumer(group_id=group, on_commit=self._answered, **_ENDS_WITHIN)

    @property
    def is_due(self) -> bool:
        """Whether something was told that is not answered."""
        return self._due > 0

    def tell(self, offsets: list[TopicPartition]) -> None:
        """Begin to tell."""
        self._due += 1
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as exc:
            self._answered(exc.args[0], [])

    def poll(self, within_s: float = 0.0) -> None:
        """Take the answer if there is one, or comes within so many seconds."""
        deadline = time.monotonic() + within_s
        self._consumer.poll(0)
        while self.is_due and time.monotonic() < deadline:
            self._consumer.poll(0.01)

    def _answered(self, refused: KafkaError | None, offsets: list[TopicPartition]) -> None:
        self._due -= 1
        self.refused = refused or next((one.error for one in offsets if one.error), None)


def told_offsets(
    cluster: Cluster, group: str, places: Iterable[tuple[str, int]], within_s: float = WITHIN_S
) -> list[TopicPartition]:
    """Those offsets of a group that there are, with their metadata. Raises ``StopWorker``."""
    wanted = [TopicPartition(*place) for place in places]
    if not wanted:
        return []
    consumer = cluster.consumer(group_id=group)

    def ask() -> list[TopicPartition]:
        return checked(consumer.committed(wanted, timeout=min(ANSWERED_WITHIN_S, within_s)))

    try:
        with kafka_errors(f"asking for the positions of {group}"):
            answer = patiently(ask, within_s)
    finally:
        consumer.close()
    return [one for one in answer if one.offset >= 0]


def patiently(ask: Callable[[], T], within_s: float = WITHIN_S) -> T:
    """Ask again as long as waiting is enough: who keeps a group's offsets loads them first after a start."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return ask()
        except KafkaException as exc:
            if not passes(exc.args[0]) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def checked(answer: list[TopicPartition] | None) -> list[TopicPartition]:
    """The answer, if no partition was refused."""
    for one in answer or ():
        if one.error:
            raise KafkaException(one.error)
    return answer or []
