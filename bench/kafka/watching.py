"""See from outside what came of a journal record, and when: by the broker's clock, from the messages themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import TopicPartition

from bench.kafka.common import Ground
from connectors.kafka.groups import told_offsets
from connectors.kafka.messages import ID, header
from connectors.kafka.reading import headers_of
from contracts.identity import ordinal_of, partition_of
from wiring.kafka.positions import position_group
from wiring.topics import INPUTS

Cause = tuple[int, int]
"""Partition and ordinal of the journal record that a message goes back to."""


class Watch:
    """A topic of a stage, read from where it ends now; ``seen``: each cause's first message, Unix seconds."""

    def __init__(self, ground: Ground, short: str) -> None:
        self.seen: dict[Cause, float] = {}
        self._short = short
        name = ground.naming.topic(short)
        self._consumer = ground.cluster.consumer(fetch_wait_max_ms=50, enable_partition_eof=False)
        self._consumer.assign([TopicPartition(name, p, one.end) for p, one in ground.held(short).items()])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def until(self, last: Mapping[int, int], within_s: float) -> float:
        """Read until something came of these ordinals; when the last of it came. Raises ``TimeoutError``."""
        awaited = set(last.items())
        deadline = time.monotonic() + within_s
        while missing := awaited - self.seen.keys():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self._short}: nothing came of {len(missing)} records in {within_s:.0f} s"
                )
            self.read(0.2)
        return max(self.seen[cause] for cause in awaited)

    def read(self, for_s: float) -> None:
        """Note what comes within this time."""
        for message in self._consumer.consume(1000, for_s):
            if message.error() is not None:
                continue
            name = header(headers_of(message), ID) or ""
            cause = partition_of(name), ordinal_of(name)
            self.seen.setdefault(cause, message.timestamp()[1] / 1000)


class Behind:
    """How many messages a stage has before it, from what it tells of itself; the lag that operators see."""

    def __init__(self, ground: Ground, stage: str) -> None:
        self._ground = ground
        self._short = INPUTS[stage]
        self._group = position_group(ground.naming, stage)

    def told(self) -> dict[int, int]:
        """The next offset of each partition that it has told."""
        name = self._ground.naming.topic(self._short)
        places = [(name, p) for p in range(self._ground.partitions)]
        return {one.partition: one.offset for one in told_offsets(self._ground.cluster, self._group, places)}

    def lag(self) -> int:
        """Messages that it has not done."""
        told = self.told()
        return sum(one.end - told.get(p, 0) for p, one in self._ground.held(self._short).items())
