"""Topics as the cluster has them: their identity, their settings, their newest records; made and altered.

``topic_ids(cluster, names)`` is a topic's identity for a recovery manifest: a topic that was deleted and made again has
another id. What is asked about and does not exist is left out of the answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)

from connectors.kafka.cluster import Cluster, answer_of, kafka_errors
from connectors.kafka.reading import passes
from contracts.errors import RecoveryRefused, StopWorker

WITHIN_S = 30.0
BROKERS_DEFAULT = -1
"""A replication factor: the one that the cluster gives by itself."""


class TopicId(NamedTuple):
    """Which topic it is (a UUID in base64) and into how many partitions it was cut."""

    id: str
    partitions: int


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic that exists; ``config`` has every setting, also those that nobody set."""

    id: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewTopicFacts:
    """A topic to be made."""

    partitions: int
    replication: int
    config: Mapping[str, str]


def topic_ids(cluster: Cluster, names: Iterable[str]) -> dict[str, TopicId]:
    """``{name: (id, partitions)}`` of those that exist. Raises ``StopWorker`` where the cluster does not answer."""
    return {
        name: TopicId(str(found.topic_id), len(found.partitions))
        for name, found in _described(cluster.admin(), list(names)).items()
    }


def topics_as_asked(cluster: Cluster, names: Iterable[str], partitions: int) -> dict[str, TopicId]:
    """Topics that have to be there, cut into so many partitions.

    Raises ``RecoveryRefused`` with the first one that is not, ``StopWorker`` where the cluster does not answer.
    """
    wanted = list(names)
    there = topic_ids(cluster, wanted)
    for name in wanted:
        if name not in there:
            raise RecoveryRefused(f"topic {name} does not exist: create it with `undercurrent topics apply`")
        if there[name].partitions != partitions:
            raise RecoveryRefused(
                f"topic {name} has {there[name].partitions} partitions, {partitions} are asked for: "
                "their number is fixed for ever; use --partitions as they are"
            )
    return there


def topic_facts(cluster: Cluster, names: Iterable[str]) -> dict[str, TopicFacts]:
    """What is known about those topics that exist. Raises ``StopWorker`` where the cluster does not answer."""
    admin = cluster.admin()
    described = _described(admin, list(names))
    configs = _configs(admin, list(described))
    return {
        name: TopicFacts(
            id=str(found.topic_id),
            partitions=len(found.partitions),
            replication=min((len(part.replicas) for part in found.partitions), default=0),
            config=configs[name],
        )
        for name, found in described.items()
    }


def create_topics(cluster: Cluster, wanted: Mapping[str, NewTopicFacts]) -> None:
    """Make topics and wait until each can be read; one that somebody made meanwhile is left as it is.

    Raises ``StopWorker`` with the topic and what the cluster says.
    """
    if not wanted:
        return
    admin = cluster.admin()
    asked = [
        NewTopic(name, new.partitions, new.replication, config=dict(new.config))
        for name, new in wanted.items()
    ]
    for name, future in admin.create_topics(asked, request_timeout=WITHIN_S).items():
        with kafka_errors(f"topic {name} cannot be made"):
            _unless(KafkaError.TOPIC_ALREADY_EXISTS, future)
    deadline = time.monotonic() + WITHIN_S
    while len(made := _described(admin, list(wanted))) < len(wanted):
        if time.monotonic() > deadline:
            raise StopWorker(
                f"topics were made but are not seen after {WITHIN_S:.0f} s: see to the cluster's health"
            )
        time.sleep(0.05)
    _ends(admin, {name: len(topic.partitions) for name, topic in made.items()})


def alter_configs(cluster: Cluster, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Set these settings of each topic and no other. Raises ``StopWorker``."""
    if not changes:
        return
    admin = cluster.admin()
    asked = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            topic,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in settings.items()
            ],
        )
        for topic, settings in changes.items()
    ]
    for resource, future in admin.incremental_alter_configs(asked, request_timeout=WITHIN_S).items():
        with kafka_errors(f"topic {resource.name} cannot be altered"):
            answer_of(future)


def newest_records(
    cluster: Cluster, topics: Mapping[str, int], within_s: float = 5.0
) -> dict[str, tuple[bytes | None, bytes]]:
    """Key and value of one of each topic's last records (of ``{name: partitions}``), where there is one.

    It looks at the last offset of each partition, which may be gone or hold a tombstone; then the topic is left out.
    """
    ends = _ends(cluster.admin(), topics)
    last = [TopicPartition(place.topic, place.partition, end - 1) for place, end in ends.items() if end]
    if not last:
        return {}
    # Ask often: the broker holds back its answer at the end of a log for as long as it is allowed to.
    consumer = cluster.consumer(fetch_wait_max_ms=10, fetch_queue_backoff_ms=10)
    found: dict[str, tuple[bytes | None, bytes]] = {}
    try:
        with kafka_errors("the newest records cannot be read"):
            consumer.assign(last)
            pending: set[tuple[str | None, int | None]] = {(place.topic, place.partition) for place in last}
            deadline = time.monotonic() + within_s
            while pending and time.monotonic() < deadline:
                for message in consumer.consume(len(pending), 0.02):
                    topic, value = message.topic(), message.value()
                    pending.discard((topic, message.partition()))
                    if message.error() is None and topic is not None and value is not None:
                        found[topic] = (message.key(), value)
    finally:
        consumer.close()
    return found


def _ends(admin: AdminClient, topics: Mapping[str, int]) -> dict[TopicPartition, int]:
    """The offset after the last of every partition; waits for those that have no leader yet."""
    ends: dict[TopicPartition, int] = {}
    missing = [TopicPartition(topic, n) for topic, partitions in topics.items() for n in range(partitions)]
    deadline = time.monotonic() + WITHIN_S
    while missing:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = admin.list_offsets(dict.fromkeys(missing, latest), request_timeout=WITHIN_S)
        for place, future in asked.items():
            with kafka_errors(f"topic {place.topic}, partition {place.partition} cannot be read"):
                try:
                    ends[place] = answer_of(future).offset
                except KafkaException as exc:
                    if not passes(exc.args[0]) or time.monotonic() > deadline:
                        raise
        missing = [place for place in missing if place not in ends]
        time.sleep(0.05 if missing else 0)
    return ends


def _described(admin: AdminClient, names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    found = {}
    asked = admin.describe_topics(TopicCollection(names), request_timeout=WITHIN_S)
    for name, future in asked.items():
        with kafka_errors(f"topic {name} cannot be looked at"):
            described = _unless(KafkaError.UNKNOWN_TOPIC_OR_PART, future)
        if described is not None:
            found[name] = described
    return found


def _configs(admin: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    future: Future[Any]
    for resource, future in admin.describe_configs(asked, request_timeout=WITHIN_S).items():
        with kafka_errors(f"the settings of topic {resource.name} cannot be read"):
            entries = answer_of(future)
        found[resource.name] = {
            name: entry.value for name, entry in entries.items() if entry.value is not None
        }
    return found


def _unless(code: int, future: Future[Any]) -> Any:
    """What was answered, or None where that is just this error."""
    try:
        return answer_of(future)
    except KafkaException as exc:
        if exc.args[0].code() != code:
            raise
        return None
