"""Append to the topic ``bulk``: a load's messages in order, each with its number, so that a load goes on where it was.

What ``settle`` has returned from is accepted: every replica has it.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kafka.cluster import Cluster
from connectors.kafka.journal import LOAD
from connectors.kafka.messages import LARGEST_LINE, KafkaMessage, header
from connectors.kafka.reading import Held, between, headers_of, held
from connectors.kafka.writing import Writer
from contracts.errors import WrongUsage


class BulkLoad:
    """One load on its way into one partition of the bulk topic."""

    def __init__(
        self, cluster: Cluster, topic: str, partition: int, load: str, known: tuple[int, int] | None
    ) -> None:
        """``known``: an offset and how many messages of the load are before it; None: the load begins now."""
        self._cluster = cluster
        self._place = (topic, partition)
        self._load = load
        there = self._held()
        since, before = known or (there.end, 0)
        self.there = max(before, 1 + max(self._numbers(max(since, there.first), there.end), default=-1))
        """How many messages of the load the topic has."""
        self._sent = self.there
        self._writer = Writer(cluster, linger_ms=20)
        self._writer.connect()
        self._outlet = self._writer.outlet(topic, partition, there.end)

    def put(self, messages: Sequence[tuple[int, KafkaMessage]]) -> None:
        """Put numbered messages on their way, in order. Raises ``StopWorker``; ``WrongUsage`` for one too large."""
        for number, message in messages:
            if len(message.value or b"") > LARGEST_LINE:
                raise WrongUsage(f"record {number} of the load is larger than {LARGEST_LINE} bytes")
            headers = (*message.headers, (LOAD, f"{self._load}/{number}".encode()))
            self._writer.send(self._outlet, f"{self._load}/{number}", message.key, message.value, headers)
            self._sent = number + 1
        self._writer.poll()

    @property
    def known(self) -> tuple[int, int]:
        """An offset, and how many messages of the load are durable before it."""
        return self._outlet.end, self._sent - self._outlet.waiting

    def settle(self) -> int:
        """Wait until all is delivered; the offset behind it. Raises ``StopWorker``."""
        return self._writer.settle(self._outlet)

    def _numbers(self, since: int, end: int) -> Sequence[int]:
        found = []
        for message in between(self._cluster, *self._place, since, end):
            whose, _, number = (header(headers_of(message), LOAD) or "").rpartition("/")
            if whose == self._load:
                found.append(int(number))
        return found

    def _held(self) -> Held:
        return held(self._cluster.admin(), [self._place])[self._place]
