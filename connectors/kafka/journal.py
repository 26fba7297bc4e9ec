"""Append to the journal on Kafka. What ``append`` has returned from is accepted: every replica has it.

Each message of a load says which load and the how many-th of it, so that a load which was interrupted goes on behind
what the journal has of it, whoever else wrote in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType

from confluent_kafka import KafkaError, Message, Producer

from connectors.kafka.cluster import DELIVERED_WITHIN_MS, Cluster, kafka_errors
from connectors.kafka.messages import KafkaMessage, header, line_message
from connectors.kafka.reading import Held, between, headers_of, held
from contracts.errors import RetryLater

LOAD = "undercurrent-load"
"""Header: the load that a message belongs to, and its number in it, as ``load/number``."""


class KafkaJournal:
    """A writer of the journal's partitions; any number of them may write at once."""

    def __init__(self, cluster: Cluster, topic: str, partitions: int, producer: str) -> None:
        self.topic = topic
        self.partitions = partitions
        self._cluster = cluster
        self._name = producer
        self._producer = self._connected()
        self._load: str | None = None
        self._written = 0

    def count(self, partition: int) -> int:
        """The ordinal of the next record."""
        return self._held(partition).end

    def resume(self, partition: int, load: str, since: int) -> int:
        """Begin or go on with a load whose first record came at ``since`` or later; how many it has there."""
        self._load = load
        self._written = 1 + max(self._numbers(partition, load, since), default=-1)
        return self._written

    def append(self, partition: int, lines: Sequence[bytes]) -> None:
        """Make records durable, in order.

        Raises ``WrongUsage`` for one that is no record or too large (none is written), ``RetryLater`` when the broker
        did not take all of them in time.
        """
        messages = [self._message(line, number) for number, line in enumerate(lines, self._written)]
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            failed.extend([error] if error is not None else [])

        with kafka_errors(f"appending to {self.topic}"):
            for message in messages:
                self._producer.produce(
                    self.topic,
                    partition=partition,
                    key=message.key,
                    value=message.value,
                    headers=list(message.headers),
                    on_delivery=delivered,
                )
                self._producer.poll(0)
            left = self._producer.flush(DELIVERED_WITHIN_MS / 1000 + 5)
        if failed or left:
            self._producer.purge()  # what is still queued must not arrive behind what is appended next
            self._producer = self._connected()
            why = failed[0].str() if failed else f"{left} of {len(lines)} records are not acknowledged"
            raise RetryLater(f"{self.topic}, partition {partition}: {why}", retry_after_s=5.0)
        self._written += len(lines)

    def close(self) -> None:
        """Nothing is left to write: ``append`` waits for every record."""

    def __enter__(self) -> KafkaJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> Producer:
        # A message that failed must not leave a gap with its successors behind it: a load goes on behind the last.
        return self._cluster.producer(enable_gapless_guarantee=True)

    def _numbers(self, partition: int, load: str, since: int) -> Iterable[int]:
        """The numbers of a load's messages in the journal."""
        there = self._held(partition)
        for message in between(self._cluster, self.topic, partition, max(since, there.first), there.end):
            whose, _, number = (header(headers_of(message), LOAD) or "").rpartition("/")
            if whose == load:
                yield int(number)

    def _held(self, partition: int) -> Held:
        place = (self.topic, partition)
        return held(self._cluster.admin(), [place])[place]

    def _message(self, line: bytes, number: int) -> KafkaMessage:
        message = line_message(line, self._name)
        if self._load is None:
            return message
        said = (LOAD, f"{self._load}/{number}".encode())
        return message._replace(headers=(*message.headers, said))
