"""Sources and sinks as Bytewax drives them, without Bytewax: batch after batch, on a real broker."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bytewax.inputs import StatefulSourcePartition
from confluent_kafka import TopicPartition

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage, Origin, message_of
from connectors.kafka.reading import between, headers_of, held
from connectors.polling import JournalLine
from contracts.envelope import Envelope

Part = StatefulSourcePartition[tuple[str, JournalLine], tuple[int, int]]

AT = datetime(2026, 1, 1, tzinfo=UTC)


def staged(positions: Iterable[int], *, stage: str = "extract", partition: int = 0) -> list[KafkaMessage]:
    """What a stage would write at these positions; the value is the position."""
    origin = Origin("enriched", "tenant", "g1", stage, partition)
    return [
        message_of(
            origin,
            n,
            Envelope(
                id=f"{partition}-{n}-{stage}-0", kind="tick", tenant="acme", event_time=AT, ingested_at=AT
            ),
            b"%d" % n,
        )
        for n in positions
    ]


def put(
    cluster: Cluster, topic: str, partition: int, messages: Sequence[KafkaMessage | bytes | None]
) -> None:
    """Write messages, or bare values, past every check of ours."""
    producer = cluster.producer()
    for given in messages:
        message = given if isinstance(given, KafkaMessage) else KafkaMessage(b"acme", given, (), 0)
        producer.produce(
            topic, message.value, message.key, partition=partition, headers=list(message.headers)
        )
    assert producer.flush(30) == 0


def drain(part: Part, *, most: int | None = None, within_s: float = 20.0) -> list[JournalLine]:
    """Everything until the partition ends, or until ``most`` lines came."""
    lines: list[JournalLine] = []
    deadline = time.monotonic() + within_s
    while most is None or len(lines) < most:
        assert time.monotonic() < deadline, f"{len(lines)} lines within {within_s} s"
        try:
            batch = part.next_batch()
        except StopIteration:
            break
        lines += [line for _key, line in batch]
        if not batch:
            time.sleep(0.01)
    return lines


def stored(cluster: Cluster, topic: str, partition: int = 0) -> list[tuple[str | None, bytes | None]]:
    """Id and value of every message that a partition holds."""
    there = held(cluster.admin(), [(topic, partition)])[topic, partition]
    return [
        (dict(headers_of(message)).get("ce_id", b"").decode() or None, message.value())
        for message in between(cluster, topic, partition, *there)
    ]


def delete_before(cluster: Cluster, topic: str, partition: int, offset: int) -> None:
    """What retention does to a partition."""
    admin = cluster.admin()
    place = TopicPartition(topic, partition, offset)
    admin.delete_records([place])[place].result()
