"""The sink: each position once, whatever a dead run left; and a refusal where a position is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors.kafka.names import Naming
from connectors.kafka.sink import KafkaSink, Position, SinkPart
from contracts.errors import StateCorrupt, StopWorker
from tests.support.broker import make_topics
from tests.support.kafka_parts import delete_before, put, staged, stored
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

LANE = "enriched/p0000"


@pytest.fixture
def topic(broker: Broker, naming: Naming) -> str:
    make_topics(broker.cluster, [naming.topic("enriched")])
    return naming.topic("enriched")


def opened(broker: Broker, topic: str, resumed: Position | None = None) -> SinkPart:
    lanes: Mapping[str, tuple[str, int]] = {"enriched/p0001": (topic, 1), LANE: (topic, 0)}
    return KafkaSink(broker.cluster, lanes, "extract").build_part("topics", LANE, resumed)


def values(broker: Broker, topic: str, partition: int = 0) -> list[int]:
    return [int(value or b"-1") for _id, value in stored(broker.cluster, topic, partition)]


def test_lanes_are_numbered_as_bytewax_sorts_them(broker: Broker) -> None:
    sink = KafkaSink(broker.cluster, {"b/p0000": ("b", 0), "a/p0001": ("a", 1), "a/p0000": ("a", 0)}, "s")
    assert sink.list_parts() == ["a/p0000", "a/p0001", "b/p0000"]
    assert sink.part_fn("a/p0001") == 1


def test_what_a_snapshot_names_is_in_the_topic(broker: Broker, topic: str) -> None:
    part = opened(broker, topic)
    part.write_batch(staged(range(3)))
    assert part.snapshot() == (3, 3)
    assert values(broker, topic) == [0, 1, 2]
    assert values(broker, topic, 1) == []


def test_a_run_that_lost_its_snapshot_writes_nothing_twice(broker: Broker, topic: str) -> None:
    dead = opened(broker, topic)
    dead.write_batch(staged(range(3)))
    committed = dead.snapshot()
    dead.write_batch(staged(range(3, 6)))
    dead.snapshot()
    part = opened(broker, topic, committed)
    part.write_batch(staged(range(3, 9)))
    assert part.snapshot() == (9, 9)
    assert values(broker, topic) == list(range(9))


def test_without_a_snapshot_the_whole_topic_is_looked_through(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged(range(4)))
    part = opened(broker, topic)
    part.write_batch(staged(range(6)))
    part.snapshot()
    assert values(broker, topic) == list(range(6))


def test_a_replay_that_is_cut_short_too_leaves_no_position_to_be_written_twice(
    broker: Broker, topic: str
) -> None:
    put(broker.cluster, topic, 0, staged(range(6)))
    part = opened(broker, topic, (3, 3))
    part.write_batch(staged([3]))
    part = opened(broker, topic, part.snapshot())
    part.write_batch(staged(range(4, 8)))
    part.snapshot()
    assert values(broker, topic) == list(range(8))


def test_what_other_stages_wrote_does_not_count(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged(range(5), stage="intake"))
    part = opened(broker, topic)
    part.write_batch(staged(range(2)))
    assert part.snapshot() == (7, 2)


def test_a_dead_run_s_late_messages_do_not_hide_later_ones(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged([0, 1, 2, 1, 2]))
    part = opened(broker, topic, (1, 1))
    part.write_batch(staged(range(1, 5)))
    part.snapshot()
    assert values(broker, topic) == [0, 1, 2, 1, 2, 3, 4]


def test_retention_behind_a_snapshot_is_no_reason_to_stop(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged(range(5)))
    delete_before(broker.cluster, topic, 0, 4)
    part = opened(broker, topic, (1, 1))
    part.write_batch(staged(range(1, 6)))
    part.snapshot()
    assert values(broker, topic) == [4, 5]


def test_a_position_that_is_skipped_stops_the_worker(broker: Broker, topic: str) -> None:
    with pytest.raises(StateCorrupt, match="partition 0: position 0 comes next, got 1"):
        opened(broker, topic).write_batch(staged([1]))


def test_a_gap_that_a_dead_run_left_stops_the_worker(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged([0, 1, 3]))
    with pytest.raises(StateCorrupt, match="position 2 of stage extract is missing before offset 2"):
        opened(broker, topic, (1, 1))


def test_what_compaction_took_away_is_no_gap(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged([0, 1, 3]))
    sink = KafkaSink(broker.cluster, {LANE: (topic, 0)}, "extract", compacted=[topic])
    part = sink.build_part("topics", LANE, None)
    part.write_batch(staged(range(5)))
    part.snapshot()
    assert values(broker, topic) == [0, 1, 3, 4]


def test_a_replay_that_makes_another_record_stops_the_worker(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 0, staged([0]))
    part = opened(broker, topic)
    (other,) = staged([0], partition=7)
    with pytest.raises(
        StateCorrupt, match="position 0 holds 0-0-extract-0, the stage now makes 7-0-extract-0"
    ):
        part.write_batch([other])


def test_a_snapshot_ahead_of_its_topic_is_refused(broker: Broker, topic: str) -> None:
    with pytest.raises(StateCorrupt, match="offset 9"):
        opened(broker, topic, (9, 9))


def test_a_record_too_large_is_named_with_its_size(broker: Broker, topic: str) -> None:
    (message,) = staged([0])
    part = opened(broker, topic)
    with pytest.raises(StopWorker, match=rf"{topic}, partition 0: message 0-0-extract-0 of 5000000 bytes"):
        part.write_batch([message._replace(value=b"x" * 5_000_000)])


def test_a_tombstone_arrives_as_one(broker: Broker, topic: str) -> None:
    (message,) = staged([0])
    part = opened(broker, topic)
    part.write_batch([message._replace(value=None)])
    part.snapshot()
    assert stored(broker.cluster, topic) == [("0-0-extract-0", None)]
