"""How far a stage is behind, read from a broker that librdkafka plays in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry, generate_latest

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from contracts.errors import StopWorker
from wiring.kafka import lag
from wiring.kafka.lag import LagCollector, LagReader, LagReport, PartitionLag
from wiring.kafka.positions import Positions, beat_in, commit_positions, keys_in, position_group

pytestmark = pytest.mark.lengthy

QUIET = {"log_level": "0"}
NAMING = Naming(generation="g7")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A mock cluster whose topics have four partitions each; it lives as long as its owner."""
    owner = Producer(
        {
            "test.mock.num.brokers": 1,
            "bootstrap.servers": "",
            "log_level": 0,
        }
    )
    brokers = owner.list_topics(timeout=5).brokers.values()
    yield Cluster(",".join(f"{one.host}:{one.port}" for one in brokers), QUIET)
    del owner


@pytest.fixture
def reader(cluster: Cluster) -> Iterator[LagReader]:
    one = LagReader(cluster, NAMING)
    yield one
    one.close()


def _write(cluster: Cluster, topic: str, partition: int, *stamps_ms: int) -> None:
    producer = cluster.producer()
    for stamp in stamps_ms:
        producer.produce(topic, b"x", partition=partition, timestamp=stamp)
    assert producer.flush(10) == 0


def _of(report: LagReport, stage: str) -> dict[int, PartitionLag]:
    return {one.partition: one for one in report.partitions if one.stage == stage}


def test_a_stage_that_told_nothing_is_behind_by_everything(cluster: Cluster, reader: LagReader) -> None:
    _write(cluster, NAMING.journal, 1, 5_000, 6_000)
    told = _of(reader.read(), "intake")
    assert (told[1].position, told[1].lag, told[1].oldest_s) == (None, 2, 5.0)
    assert (told[0].lag, told[0].oldest_s) == (0, 0.0)


def test_the_lag_counts_from_the_told_position(cluster: Cluster, reader: LagReader) -> None:
    topic = NAMING.topic("enriched")
    _write(cluster, topic, 0, 5_000, 6_000, 7_000)
    _write(cluster, topic, 1, 8_000)
    group = position_group(NAMING, "themes")
    commit_positions(cluster, group, {(topic, 0): 1, (topic, 1): 1}, now=99.0)
    report = reader.read()
    told = _of(report, "themes")
    assert (told[0].lag, told[0].oldest_s, told[1].lag, told[1].oldest_s) == (2, 6.0, 0, 0.0)
    assert report.heartbeats == {"themes": 99.0}


def test_a_replay_is_behind_in_what_it_reads_and_has_no_stages_before(
    cluster: Cluster, reader: LagReader
) -> None:
    live = Naming(generation="g1").topic("enriched")
    _write(cluster, live, 0, 5_000, 6_000, 7_000)
    _write(cluster, NAMING.journal, 0, 5_000)
    commit_positions(cluster, position_group(NAMING, "themes"), {(live, 0): 1}, now=99.0)
    report = reader.read()
    told = _of(report, "themes")[0]
    assert (told.topic, told.lag, told.oldest_s) == (live, 2, 6.0)
    assert {one.stage for one in report.partitions} == {"themes"}  # the mock has no topic for priority
    assert report.idle == ("intake", "extract")
    assert report.heartbeats == {"themes": 99.0}


def test_a_stage_is_as_lively_as_its_slowest_process(cluster: Cluster, reader: LagReader) -> None:
    topic = NAMING.topic("enriched")
    _write(cluster, topic, 0, 5_000)
    group = position_group(NAMING, "themes")
    commit_positions(cluster, group, {(topic, 0): 1}, now=50.0)
    commit_positions(cluster, group, {(topic, 1): 0}, now=99.0)
    assert reader.read().heartbeats == {"themes": 50.0}


def test_a_first_message_is_read_once_for_each_position(
    cluster: Cluster, reader: LagReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = NAMING.topic("enriched")
    _write(cluster, topic, 0, 5_000, 6_000)
    assert _of(reader.read(), "themes")[0].oldest_s == 5.0
    with monkeypatch.context() as no_time:
        no_time.setattr(lag, "FIRST_MESSAGES_WITHIN_S", 0.0)
        assert _of(reader.read(), "themes")[0].oldest_s == 5.0
        commit_positions(cluster, position_group(NAMING, "themes"), {(topic, 0): 1})
        assert _of(reader.read(), "themes")[0].oldest_s is None
    assert _of(reader.read(), "themes")[0].oldest_s == 6.0


def test_positions_are_told_in_the_background_and_the_last_at_the_close(cluster: Cluster) -> None:
    topic = NAMING.topic("enriched")
    _write(cluster, topic, 0, 5_000)
    positions = Positions(cluster, position_group(NAMING, "themes"), clock=lambda: 70.0)
    for offset in range(100):
        positions.commit({(topic, 0): offset})
        positions.tell()
    positions.close()
    reader = LagReader(cluster, NAMING)
    assert _of(reader.read(), "themes")[0].position == 99
    assert (positions.attempts, positions.refused) == (2, None)
    reader.close()


def test_what_was_told_is_not_told_again_at_the_close(cluster: Cluster) -> None:
    topic = NAMING.topic("enriched")
    _write(cluster, topic, 0, 5_000)
    positions = Positions(cluster, position_group(NAMING, "themes"))
    positions.commit({(topic, 0): 1, (topic, 1): 0})
    positions.tell()
    positions.close()
    assert (positions.attempts, positions.refused) == (1, None)


def test_positions_that_nobody_takes_are_an_error_with_the_groups_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wiring.kafka.positions.ANSWERED_WITHIN_S", 0.2)
    with pytest.raises(StopWorker, match=r"positions of undercurrent-g7-themes: no answer within 0\.2 s"):
        commit_positions(Cluster("127.0.0.1:9", QUIET), position_group(NAMING, "themes"), {("t", 0): 1})


def test_a_broker_that_is_away_fails_no_stage() -> None:
    positions = Positions(Cluster("127.0.0.1:9", QUIET), "g")
    began = time.monotonic()
    positions.commit({("t", 0): 1})
    positions.tell()
    told = time.monotonic()
    positions.close(within_s=0.1)
    # Less than the 2 s that a close waits by itself, and the 5 s within which a broker is to answer.
    assert max(told - began, time.monotonic() - told) < 1.9


@pytest.mark.parametrize(
    ("metadata", "beat", "keys"),
    [
        ("12.5", 12.5, None),
        ("12.5 0a1b", 12.5, "0a1b"),
        ("", None, None),
        (None, None, None),
        ("mine", None, None),
    ],
)
def test_only_our_metadata_is_a_heartbeat(metadata: str | None, beat: float | None, keys: str | None) -> None:
    assert (beat_in(metadata), keys_in(metadata)) == (beat, keys)


def _metrics(collector: LagCollector) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_a_report_becomes_metrics() -> None:
    one = PartitionLag("themes", "undercurrent.g1.enriched.v1", 3, 10, 15, 5, 7.5)
    collector = LagCollector(lambda: LagReport((one,), {"themes": 99.0}), clock=lambda: 100.0)
    assert collector.refresh() is None
    assert _metrics(collector) == [
        'undercurrent_consumer_lag_messages{partition="3",stage="themes",topic="undercurrent.g1.enriched.v1"} 5.0',
        'undercurrent_oldest_unprocessed_timestamp_seconds{partition="3",stage="themes"} 7.5',
        'undercurrent_stage_heartbeat_timestamp_seconds{stage="themes"} 99.0',
        "undercurrent_lag_scrapes_total 1.0",
        "undercurrent_lag_scrape_failures_total 0.0",
        "undercurrent_lag_scrape_timestamp_seconds 100.0",
    ]


def test_after_a_failed_reading_no_old_lag_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "ANSWERED_WITHIN_S", 0.3)
    reader = LagReader(Cluster("127.0.0.1:9", QUIET), NAMING)
    answers: list[Any] = [lambda: LagReport((), {"themes": 99.0}), reader.read]
    collector = LagCollector(lambda: answers.pop(0)())
    collector.refresh()
    assert isinstance(collector.refresh(), StopWorker)
    lines = _metrics(collector)
    assert 'undercurrent_stage_heartbeat_timestamp_seconds{stage="themes"} 99.0' in lines
    assert {"undercurrent_lag_scrapes_total 2.0", "undercurrent_lag_scrape_failures_total 1.0"} < set(lines)
    reader.close()
