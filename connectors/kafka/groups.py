"""Offsets that a consumer group holds: for people and tools to see, and where a publisher stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from confluent_kafka import KafkaException, TopicPartition

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.reading import WITHIN_S, passes

ANSWERED_WITHIN_S = 10.0

T = TypeVar("T")


def told_offsets(cluster: Cluster, group: str, places: Iterable[tuple[str, int]]) -> list[TopicPartition]:
    """Those offsets of a group that there are, with their metadata. Raises ``StopWorker``.

    A consumer asks, not an admin client: one whose coordinator just moved ends the process (librdkafka 2.16,
    ``rd_kafka_handle_OffsetFetch`` takes it for a member of a group).
    """
    wanted = [TopicPartition(*place) for place in places]
    if not wanted:
        return []
    consumer = cluster.consumer(group_id=group)
    try:
        with kafka_errors(f"asking for the positions of {group}"):
            answer = patiently(lambda: checked(consumer.committed(wanted, timeout=ANSWERED_WITHIN_S)))
    finally:
        consumer.close()
    return [one for one in answer if one.offset >= 0]


def patiently(ask: Callable[[], T]) -> T:
    """Ask again as long as waiting is enough: who keeps a group's offsets loads them first after a start."""
    deadline = time.monotonic() + WITHIN_S
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
