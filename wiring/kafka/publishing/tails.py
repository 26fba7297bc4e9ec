"""The last messages of many partitions at once: where an earlier publisher stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, Message, TopicPartition

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.reading import WITHIN_S, held, offset_of, passes
from contracts.errors import StopWorker

Place = tuple[str, int]
"""Full name of a topic, and partition."""

# How far behind the end the search begins, and by what it grows: compaction may have emptied the end.
_WINDOW = 1
_GROWTH = 64


def last_messages(
    cluster: Cluster, places: Iterable[Place], wanted: Callable[[Message], bool]
) -> dict[Place, Message]:
    """The last ``wanted`` message of each partition that has one. Raises ``StopWorker``."""
    there = held(cluster.admin(), places)
    missing = {place for place, offsets in there.items() if offsets.end > offsets.first}
    found: dict[Place, Message] = {}
    window = _WINDOW
    while missing:
        starts = {place: max(there[place].first, there[place].end - window) for place in missing}
        read = _last_from(cluster, starts, wanted)
        found |= read
        missing = {p for p in missing if p not in read and starts[p] > there[p].first}
        window *= _GROWTH
    return found


def _last_from(
    cluster: Cluster, starts: dict[Place, int], wanted: Callable[[Message], bool]
) -> dict[Place, Message]:
    # Ask often: the broker holds back its answer at the end of a log for as long as it is allowed to.
    consumer = cluster.consumer(fetch_wait_max_ms=10, fetch_queue_backoff_ms=10)
    found: dict[Place, Message] = {}
    pending = set(starts)
    try:
        with kafka_errors("reading the ends of the public topics"):
            consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
            deadline = time.monotonic() + WITHIN_S
            while pending:
                batch = consumer.consume(500, 0.02)
                if batch:
                    deadline = time.monotonic() + WITHIN_S
                elif time.monotonic() > deadline:
                    raise StopWorker(f"the ends of {len(pending)} partitions cannot be read; start again")
                for message in batch:
                    _take(message, pending, found, wanted)
    finally:
        consumer.close()
    return found


def _take(
    message: Message, pending: set[Place], found: dict[Place, Message], wanted: Callable[[Message], bool]
) -> None:
    place = (str(message.topic()), int(message.partition() or 0))
    error = message.error()
    if error is None:
        if wanted(message):
            found[place] = message
    elif error.code() == KafkaError._PARTITION_EOF:
        pending.discard(place)
    elif not passes(error):
        raise StopWorker(
            f"topic {place[0]}, partition {place[1]}, offset {offset_of(message)}: {error.str()}"
        )
