"""One producer for all that a process writes, and the book of what was delivered.

A message is either behind all that were sent to its partition before it, or nowhere: the producer never gives up a
message and sends later ones. Whoever needs them delivered calls ``settle``, which waits for a bounded time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import Header
from connectors.kafka.reading import offset_of
from contracts.errors import StopWorker

# How long a broker may be away before an epoch fails: above an election (seconds), below a supervisor's patience.
DELIVERED_WITHIN_S = 30.0

# What may wait for the broker in memory, 64 MB: the largest record sixteen times.
_QUEUE_KBYTES = 64 << 10


class Outlet:
    """One partition that is written to: what is under way, and where the delivered messages end.

    ``first`` is the offset of the first delivered message, -1 before there is one; ``end`` the one behind the last.
    """

    def __init__(self, topic: str, partition: int, end: int, failures: list[str]) -> None:
        self.topic = topic
        self.partition = partition
        self.first = -1
        self.end = end
        self._failures = failures
        self._under_way: deque[tuple[str, int]] = deque()

    @property
    def waiting(self) -> int:
        """Messages sent and not yet delivered."""
        return len(self._under_way)

    def sent(self, name: str, size: int) -> None:
        """A message is on its way; deliveries come in the order of sending."""
        self._under_way.append((name, size))

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        """The producer's report on the oldest message under way."""
        name, size = self._under_way.popleft()
        if error is None:
            self.end = offset_of(message) + 1
            self.first = self.end - 1 if self.first < 0 else self.first
        else:
            self._failures.append(self.refused(name, size, error))

    def refused(self, name: str, size: int, error: KafkaError) -> str:
        """What stops the worker: place, message, size, cause, and what to do."""
        cure = "start again once the broker takes messages"
        if error.code() in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE):
            cure = "raise max.message.bytes of the topic or lower what is accepted"
        return f"{self}: message {name} of {size} bytes was not delivered: {error.str()}; {cure}"

    def __str__(self) -> str:
        return f"topic {self.topic}, partition {self.partition}"


class Writer:
    """Sends to any number of outlets through one idempotent producer."""

    def __init__(
        self, cluster: Cluster, *, within_s: float = DELIVERED_WITHIN_S, linger_ms: float = 5
    ) -> None:
        self._cluster = cluster
        self._within_s = within_s
        self._linger_ms = linger_ms
        self._lock = Lock()
        self._made: Producer | None = None
        self._failures: list[str] = []

    def outlet(self, topic: str, partition: int, end: int = 0) -> Outlet:
        """A partition to write to; ``end`` is the offset where it ends now. One that fails fails all."""
        return Outlet(topic, partition, end, self._failures)

    def connect(self) -> Producer:
        """Make the producer now: the first message of one that has no connection yet waits half a second."""
        with self._lock:
            if self._made is None:
                self._made = self._cluster.producer(
                    # A message that timed out would leave a gap with its successors behind it; ``settle`` bounds
                    # the wait.
                    message_timeout_ms=0,
                    enable_gapless_guarantee=True,
                    linger_ms=self._linger_ms,
                    queue_buffering_max_kbytes=_QUEUE_KBYTES,
                )
            return self._made

    def send(
        self,
        outlet: Outlet,
        name: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
    ) -> None:
        """Put a message on its way; ``name`` is what an error calls it. Waits while the queue is full."""
        size = len(value or b"")
        deadline = time.monotonic() + self._within_s
        outlet.sent(name, size)
        try:
            while not self._is_queued(outlet, key, value, headers):
                self._check(outlet, deadline)
        except KafkaException as exc:
            self.poll(1.0)  # of a client that gave up, the report on an earlier message says why
            raise self._over(outlet.refused(name, size, exc.args[0])) from exc

    def poll(self, within_s: float = 0) -> None:
        """Let the book take note of deliveries; what failed is raised by ``settle``."""
        with suppress(KafkaException):
            self.connect().poll(within_s)

    def settle(self, outlet: Outlet) -> int:
        """Wait until all of an outlet's messages are delivered; the offset behind them. Raises ``StopWorker``."""
        deadline = time.monotonic() + self._within_s
        while outlet.waiting and not self._failures:
            with suppress(KafkaException):
                # A producer that gave up for good says here that it did: see the book.
                self.connect().flush(0.2)
            self._check(outlet, deadline)
        self._check(outlet, deadline)
        return outlet.end

    def _is_queued(
        self, outlet: Outlet, key: bytes | None, value: bytes | None, headers: Sequence[Header]
    ) -> bool:
        producer = self.connect()
        try:
            producer.produce(
                outlet.topic, value, key, outlet.partition, outlet.delivered, headers=list(headers)
            )
        except BufferError:
            producer.poll(0.05)
            return False
        return True

    def _check(self, outlet: Outlet, deadline: float) -> None:
        if self._failures:
            raise self._over(self._failures[0])
        if outlet.waiting and time.monotonic() > deadline:
            raise self._over(
                f"{outlet}: {outlet.waiting} messages were not delivered within {self._within_s:g} s; see that the "
                "broker is reachable, then start again"
            )

    def _over(self, why: str) -> StopWorker:
        """What ends this writer: nothing still queued may arrive once the next run has looked where this one ended."""
        self.connect().purge()
        return StopWorker(self._failures[0] if self._failures else why)
