"""Append to topics on Kafka from many requests at once; ``append`` returns when every replica has the records.

One producer for the process: the client batches what comes within a few milliseconds, so many requests share a write.
Memory is bounded: what would not fit is refused with ``RetryLater`` before anything of it is sent. A record whose
answer came too late may be there all the same; who sends it again adds a copy, which intake knows by its item.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.cluster import LARGEST_RECORD, Cluster
from connectors.kafka.messages import KafkaMessage, line_message
from contracts.errors import RetryLater

PRODUCER = "edge"
"""The producer that the journal names for what comes in here."""

MOST_KEPT_BYTES = 1 << 20
"""How much is kept of bytes that no record can hold, or that nothing can be made of."""

WITHIN_S = 4.0
"""How long a broker may take: below the 5 s after which the least patient vendor hangs up."""

MOST_WAITING_BYTES = 64 << 20
MOST_WAITING_RECORDS = 50_000

RETRY_AFTER_S = 5.0


class _Append:
    """One call's records on their way: wakes the caller with the last of them, or with the first that failed."""

    def __init__(self, records: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[KafkaError | None] = self._loop.create_future()
        self._left = records

    def delivered(self, error: KafkaError | None) -> None:
        """A report of the producer's, in its thread."""
        self._left -= 1
        # A loop that was closed while records were under way has nobody left to wake.
        if (error is not None or not self._left) and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, error)

    def _wake(self, error: KafkaError | None) -> None:
        if not self.done.done():
            self.done.set_result(error)


class KafkaAccepting:
    """``topics`` are full names by short name (``journal``, ``bulk``). For one event loop; any number may write."""

    def __init__(
        self,
        cluster: Cluster,
        topics: Mapping[str, str],
        *,
        within_s: float = WITHIN_S,
        most_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self._cluster = cluster
        self._topics = dict(topics)
        self._within_s = within_s
        self._most_bytes = most_bytes
        self._book = threading.Lock()
        self._waiting_bytes = self._waiting_records = 0
        self._closing = threading.Event()
        self._broken = False
        self._producer = self._connected()
        self._reports = threading.Thread(target=self._take_reports, name="kafka-accepting", daemon=True)
        self._reports.start()
        self.trouble: str | None = None
        """Why the last append failed; None when it did not."""

    async def append(self, topic: str, partition: int, lines: Sequence[bytes]) -> None:
        """Make journal records durable, in order.

        Raises ``WrongUsage`` for one that is no record or too large (none is sent); ``RetryLater`` when memory is full,
        or the broker did not take all of them in time.
        """
        if not lines:
            return
        messages = [line_message(line, PRODUCER) for line in lines]
        self._make_room(messages)
        under_way = _Append(len(messages))
        for number, message in enumerate(messages):
            try:
                self._send(self._topics[topic], partition, message, under_way)
            except (BufferError, KafkaException) as exc:
                self._let_go(messages[number:])
                raise self._refused(topic, partition, str(exc)) from exc
        try:
            error = await asyncio.wait_for(under_way.done, self._within_s + 1.0)
        except TimeoutError:
            raise self._refused(topic, partition, f"no answer within {self._within_s:g} s") from None
        if error is not None:
            raise self._refused(topic, partition, error.str())
        self.trouble = None

    def close(self) -> None:
        """Give what is under way the time that it has, then let go."""
        self._producer.flush(self._within_s)
        self._closing.set()
        self._reports.join()

    def __enter__(self) -> KafkaAccepting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> Producer:
        return self._cluster.producer(
            message_timeout_ms=int(self._within_s * 1000),
            # Above our own bounds, which say so before anything is sent.
            queue_buffering_max_kbytes=2 * self._most_bytes // 1024 + LARGEST_RECORD // 1024,
            queue_buffering_max_messages=2 * MOST_WAITING_RECORDS,
        )

    def _take_reports(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.1)

    def _send(self, topic: str, partition: int, message: KafkaMessage, under_way: _Append) -> None:
        if self._broken:  # a producer that met a fatal error takes nothing any more
            self._producer, self._broken = self._connected(), False

        def reported(error: KafkaError | None, _message: Message) -> None:
            self._let_go([message])
            if error is not None and (error.fatal() or error.code() == KafkaError._FATAL):
                self._broken = True
            under_way.delivered(error)

        self._producer.produce(
            topic,
            message.value,
            message.key,
            partition,
            on_delivery=reported,
            headers=list(message.headers),
        )

    def _make_room(self, messages: Sequence[KafkaMessage]) -> None:
        size = sum(map(_size, messages))
        with self._book:
            fits = self._waiting_bytes + size <= self._most_bytes or not self._waiting_records
            if not fits or self._waiting_records + len(messages) > MOST_WAITING_RECORDS:
                self.trouble = "what waits for the broker fills its memory"
                raise RetryLater(self.trouble, retry_after_s=RETRY_AFTER_S)
            self._waiting_bytes += size
            self._waiting_records += len(messages)

    def _let_go(self, messages: Sequence[KafkaMessage]) -> None:
        with self._book:
            self._waiting_bytes -= sum(map(_size, messages))
            self._waiting_records -= len(messages)

    def _refused(self, topic: str, partition: int, why: str) -> RetryLater:
        self.trouble = why
        return RetryLater(f"{self._topics[topic]}, partition {partition}: {why}", retry_after_s=RETRY_AFTER_S)


def _size(message: KafkaMessage) -> int:
    return len(message.value or b"")
