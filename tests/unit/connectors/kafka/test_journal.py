"""The journal on Kafka: durable when it says so, resumable whoever else writes in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.kafka.cluster import LARGEST_RECORD
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from connectors.kafka.reading import between
from contracts.commands import Command, LoadBegin
from contracts.errors import RetryLater, WrongUsage
from contracts.registry import write_record
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker
from wiring.kafka.server import LocalBroker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def line(number: int) -> bytes:
    order = LoadBegin(origin=f"file {number}")
    return write_record(
        Command(id="", tenant="acme", event_time=NOON, ingested_at=NOON, author="ann", order=order)
    )


@pytest.fixture
def journal(broker: Broker, naming: Naming) -> Iterator[KafkaJournal]:
    make_topics(broker.cluster, [naming.journal], 1)
    with KafkaJournal(broker.cluster, naming.journal, 1, "test") as opened:
        yield opened


def test_what_was_appended_is_there_in_order(broker: Broker, journal: KafkaJournal) -> None:
    journal.append(0, [line(n) for n in range(3)])
    assert [m.value() for m in between(broker.cluster, journal.topic, 0, 0, 3)] == [line(n) for n in range(3)]
    assert journal.count(0) == 3


def test_a_load_goes_on_behind_its_own_records_whoever_wrote_in_between(
    broker: Broker, journal: KafkaJournal
) -> None:
    since = journal.count(0)
    assert journal.resume(0, "mine", since) == 0
    journal.append(0, [line(0), line(1)])
    KafkaJournal(broker.cluster, journal.topic, 1, "ticker").append(0, [line(7)])
    assert KafkaJournal(broker.cluster, journal.topic, 1, "test").resume(0, "mine", since) == 2


def test_another_load_starts_from_its_own_beginning(journal: KafkaJournal) -> None:
    journal.resume(0, "mine", 0)
    journal.append(0, [line(0)])
    assert journal.resume(0, "other", 0) == 0


def test_what_is_no_record_is_refused_and_nothing_is_written(journal: KafkaJournal) -> None:
    with pytest.raises(WrongUsage, match="not a record of journal"):
        journal.append(0, [line(0), b'{"kind":"tick"}'])
    assert journal.count(0) == 0


def test_a_record_too_large_is_refused_with_its_size(journal: KafkaJournal) -> None:
    with pytest.raises(WrongUsage, match=f"a record of {LARGEST_RECORD} bytes"):
        journal.append(0, [b"x" * LARGEST_RECORD])


@pytest.mark.slow
def test_a_broker_that_is_away_is_told_and_nothing_counts_as_accepted(own_broker: LocalBroker) -> None:
    make_topics(own_broker.cluster, ["journal"], 1)
    journal = KafkaJournal(own_broker.cluster, "journal", 1, "test")
    own_broker.kill()
    with pytest.raises(RetryLater, match="journal, partition 0"):
        journal.append(0, [line(0)])
