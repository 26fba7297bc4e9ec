"""The source: every message once and in order, from the snapshot, or a refusal that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kafka.names import Naming
from connectors.kafka.source import KafkaSource
from connectors.polling import JournalLine, Reading
from contracts.errors import StateCorrupt, StopWorker
from contracts.feedback import Undecodable
from contracts.registry import read_journal
from tests.support.broker import make_topics
from tests.support.kafka_parts import Part, delete_before, drain, put, staged
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

TO_THE_END = Reading(batch=2)


@pytest.fixture
def topic(broker: Broker, naming: Naming) -> str:
    make_topics(broker.cluster, [naming.journal])
    return naming.journal


def opened(
    broker: Broker, topic: str, reading: Reading = TO_THE_END, resumed: Any = None, **how: Any
) -> Part:
    return KafkaSource(broker.cluster, topic, 2, reading, **how).build_part("journal", "p0001", resumed)


def test_the_journal_is_numbered_by_its_offsets(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"a", b"b", b"c"])
    part = opened(broker, topic)
    assert drain(part) == [JournalLine(1, 0, b"a"), JournalLine(1, 1, b"b"), JournalLine(1, 2, b"c")]
    assert part.snapshot() == (3, 3)
    part.close()


def test_a_resumed_partition_goes_on_behind_its_snapshot(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"a", b"b", b"c"])
    part = opened(broker, topic, resumed=(2, 2))
    assert drain(part) == [JournalLine(1, 2, b"c")]
    part.close()


def test_what_comes_after_the_start_is_left_for_the_next_run(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"a"])
    part = opened(broker, topic)
    put(broker.cluster, topic, 1, [b"later"])
    assert drain(part) == [JournalLine(1, 0, b"a")]
    assert part.snapshot() == (1, 1)
    part.close()


def test_a_follower_sees_what_comes_later_and_sleeps_between(broker: Broker, topic: str) -> None:
    part = opened(broker, topic, Reading(follow=True))
    assert part.next_batch() == []
    assert (part.next_awake() or datetime.min.replace(tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)
    put(broker.cluster, topic, 1, [b"later"])
    assert drain(part, most=1) == [JournalLine(1, 0, b"later")]
    assert part.next_awake() is None
    part.close()


def test_draining_ends_a_follower(broker: Broker, topic: str) -> None:
    polls: list[str] = []
    part = opened(
        broker, topic, Reading(follow=True, draining=lambda: True, on_poll=lambda: polls.append("alive"))
    )
    with pytest.raises(StopIteration):
        part.next_batch()
    assert polls == ["alive"]
    part.close()


def test_a_message_without_a_value_reaches_the_decoder(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [None])
    part = opened(broker, topic)
    (line,) = drain(part)
    assert line == JournalLine(1, 0, b"")
    assert isinstance(read_journal(*line), Undecodable)
    part.close()


def test_a_stage_s_topic_is_numbered_by_positions_and_duplicates_are_dropped(
    broker: Broker, topic: str
) -> None:
    put(broker.cluster, topic, 1, staged([0, 1, 2, 1, 2, 3]))
    source = KafkaSource(broker.cluster, topic, 2, TO_THE_END, numbered_by="sequence")
    part = source.build_part("in", "p0001", None)
    assert [line.ordinal for line in drain(part)] == [0, 1, 2, 3]
    assert (source.duplicates, part.snapshot()) == (2, (6, 4))
    part.close()


def test_a_missing_position_stops_the_worker(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, staged([0, 2]))
    part = opened(broker, topic, numbered_by="sequence")
    with pytest.raises(StateCorrupt, match=r"partition 1: number 1 is missing.*offset 1.*rebuild"):
        drain(part)
    part.close()


def test_a_message_that_no_stage_wrote_stops_the_worker(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"stray"])
    part = opened(broker, topic, numbered_by="sequence")
    with pytest.raises(StateCorrupt, match=r"partition 1, offset 0: .*no stage of ours"):
        drain(part)
    part.close()


def test_a_log_that_begins_later_is_refused_without_a_start(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"a", b"b", b"c"])
    delete_before(broker.cluster, topic, 1, 2)
    with pytest.raises(
        StateCorrupt, match=r"partition 1: offset 0 .* holds 2 up to before 3.*undercurrent rebuild"
    ):
        opened(broker, topic)


def test_a_start_that_is_given_is_where_a_new_reader_begins(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, [b"a", b"b", b"c"])
    part = opened(broker, topic, starts={1: 2})
    assert drain(part) == [JournalLine(1, 2, b"c")]
    part.close()


def test_a_start_amid_a_stage_s_topic_takes_the_number_that_stands_there(broker: Broker, topic: str) -> None:
    put(broker.cluster, topic, 1, staged([0, 1, 2]))
    part = opened(broker, topic, starts={1: 1}, numbered_by="sequence")
    assert [line.ordinal for line in drain(part)] == [1, 2]
    part.close()


def test_a_state_ahead_of_its_topic_is_refused(broker: Broker, topic: str) -> None:
    with pytest.raises(StateCorrupt, match="offset 7"):
        opened(broker, topic, resumed=(7, 7))


def test_a_topic_that_is_not_there_is_named(broker: Broker, naming: Naming) -> None:
    with pytest.raises(StopWorker, match=naming.journal):
        opened(broker, naming.journal)
