"""The ticker: one tick for everyone in every partition, and none made up for a broker that was away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from connectors.kafka.reading import between
from contracts.errors import RetryLater
from contracts.feedback import Tick
from contracts.registry import read_journal
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker
from wiring.kafka.ticker import tick_for_ever

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def journal(broker: Broker, naming: Naming) -> Iterator[KafkaJournal]:
    make_topics(broker.cluster, [naming.journal], 2)
    with KafkaJournal(broker.cluster, naming.journal, 2, "ticker") as opened:
        yield opened


def clock() -> Iterator[datetime]:
    moment = START
    while True:
        yield moment
        moment += timedelta(seconds=10)


def test_every_partition_gets_every_tick(broker: Broker, journal: KafkaJournal) -> None:
    over, times = iter([False, True]), clock()
    tick_for_ever(journal, 10, now=lambda: next(times), wait=lambda _s: next(over))
    for partition in range(2):
        messages = list(between(broker.cluster, journal.topic, partition, 0, 2))
        ticks = [read_journal(partition, n, m.value() or b"") for n, m in enumerate(messages)]
        assert [(type(tick), tick.tenant, tick.event_time) for tick in ticks] == [
            (Tick, "*", START),
            (Tick, "*", START + timedelta(seconds=10)),
        ]


class _Away:
    """A journal whose broker is away."""

    partitions = 1

    def append(self, partition: int, lines: list[bytes]) -> None:
        raise RetryLater("no broker", retry_after_s=5.0)


def test_a_broker_that_is_away_is_waited_for() -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 2

    tick_for_ever(_Away(), 10, now=lambda: START, wait=wait)  # type: ignore[arg-type]
    assert waits == [5.0, 5.0]
