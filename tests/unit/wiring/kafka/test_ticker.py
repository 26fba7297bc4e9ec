"""The ticker: one tick for everyone in every partition, and none made up for a broker that was away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from connectors.kafka.reading import between
from contracts.errors import RetryLater
from contracts.feedback import Tick
from contracts.registry import read_journal
from tests.support.broker import make_topics
from tests.support.commands import undercurrent
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

    said: list[str] = []
    tick_for_ever(_Away(), 10, now=lambda: START, wait=wait, say=said.append)  # type: ignore[arg-type]
    assert (waits, said) == ([5.0, 5.0], ["no broker"])


def test_a_journal_that_is_not_there_is_no_reason_to_wait(
    broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    argv = ("ticker", "--prefix", naming.prefix, "--partitions", "2", "--data", str(tmp_path))
    env = {"KAFKA_BOOTSTRAP_SERVERS": broker.cluster.bootstrap}
    missing = undercurrent(*argv, env=env)
    assert (missing.code, f"topic {naming.journal} does not exist" in missing.err) == (4, True), missing
    make_topics(broker.cluster, [naming.journal], 1)
    other = undercurrent(*argv, env=env)
    assert (other.code, "has 1 partitions, 2 are asked for" in other.err) == (4, True), other
