"""Kafka away, frozen, refusing or shortened, and workers killed: nothing is lost, nothing counts twice.

F01 (a worker killed), F06 (a frozen broker), F07 (a bounced one), F08 (a produce that fails), F09 (offsets gone).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import NewTopic

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage
from connectors.kafka.names import Naming
from connectors.kafka.reading import held
from connectors.kafka.sink import KafkaSink, Position, SinkPart
from connectors.kafka.source import KafkaSource
from connectors.kafka.statelog import SESSION, KafkaStateLogs
from connectors.polling import JournalLine, Reading
from contracts.errors import StateCorrupt, StopWorker
from contracts.pointer import Pointer
from operators.hosting import Handed, StepHost
from operators.statelog import MemoryStateLog
from tests.support.broker import fresh_naming, make_topics
from tests.support.counting import Count, Counted, decode
from tests.support.crash import kill_repeatedly
from tests.support.kafka_counting_worker import TOPICS
from tests.support.kafka_parts import delete_before, drain, put, staged, stored
from wiring.kafka.broker import Broker, local_broker
from wiring.kafka.server import LocalBroker

pytestmark = pytest.mark.alone

LANE = "enriched/p0000"
KILLS = int(os.environ.get("FAULT_KILLS", "4"))


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker that the tests of this module freeze and kill; each leaves it running."""
    opened = local_broker(tmp_path_factory.mktemp("shaky") / "kafka", why="tests want to break it")
    yield opened
    opened.stop()


def sink_part(
    cluster: Cluster, topic: str, resumed: Position | None = None, within_s: float = 20.0
) -> SinkPart:
    sink = KafkaSink(cluster, {LANE: (topic, 0)}, "extract", within_s=within_s)
    return sink.build_part("topics", LANE, resumed)


def values(cluster: Cluster, topic: str) -> list[int]:
    return [int(value or b"-1") for _id, value in stored(cluster, topic)]


def test_a_frozen_or_bounced_broker_makes_a_reader_wait_and_not_end(
    shaky: LocalBroker, naming: Naming
) -> None:
    make_topics(shaky.cluster, [naming.journal])
    put(shaky.cluster, naming.journal, 0, [b"before"])
    part = KafkaSource(shaky.cluster, naming.journal, 1, Reading(follow=True)).build_part("in", "p0000", None)
    assert drain(part, most=1) == [JournalLine(0, 0, b"before")]
    for break_it, mend_it, for_s in ((shaky.pause, shaky.resume, 3), (shaky.kill, shaky.start, 1)):
        break_it()
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            assert part.next_batch() == []
            time.sleep(0.05)
        mend_it()
    put(shaky.cluster, naming.journal, 0, [b"after"])
    assert drain(part, most=1, within_s=30) == [JournalLine(0, 1, b"after")]
    part.close()


def test_what_cannot_be_delivered_fails_its_epoch_and_is_written_once_later(
    shaky: LocalBroker, naming: Naming
) -> None:
    topic = naming.topic("enriched")
    make_topics(shaky.cluster, [topic])
    part = sink_part(shaky.cluster, topic)
    part.write_batch(staged(range(3)))
    committed = part.snapshot()
    part = sink_part(shaky.cluster, topic, committed, within_s=1.5)
    shaky.kill()
    part.write_batch(staged(range(3, 6)))
    with pytest.raises(
        StopWorker, match=rf"{topic}, partition 0: 3 messages were not delivered within 1.5 s"
    ):
        part.snapshot()
    shaky.start()
    again = sink_part(shaky.cluster, topic, committed)
    again.write_batch(staged(range(3, 8)))
    again.snapshot()
    assert values(shaky.cluster, topic) == list(range(8))


def _write_whole(part: Any, batch: Any) -> None:
    """Write and wait: the broker's answer comes while the later messages are sent, or when all are."""
    part.write_batch(batch)
    part.snapshot()


def test_a_message_that_the_broker_refuses_lets_no_later_one_pass(broker: Broker, naming: Naming) -> None:
    topic = naming.topic("enriched")
    plain = NewTopic(topic, 1, 1, config={"max.message.bytes": "1048588"})
    admin = broker.cluster.admin()
    admin.create_topics([plain])[topic].result()
    part = sink_part(broker.cluster, topic)
    first, large, *later = staged(range(6))
    part.write_batch([first])
    part.snapshot()
    # Below the client's limit of 4 MB and above the topic's.
    batch = [large._replace(value=os.urandom(3_000_000)), *later]
    with pytest.raises(StopWorker, match=r"message 0-1-extract-0 of 3000000 bytes.*max.message.bytes"):
        _write_whole(part, batch)
    assert values(broker.cluster, topic) == [0]


def test_a_reader_that_retention_overtook_stops_and_never_jumps(broker: Broker, naming: Naming) -> None:
    make_topics(broker.cluster, [naming.journal])
    many = [os.urandom(400_000) for _ in range(40)]  # more than a reader fetches ahead
    put(broker.cluster, naming.journal, 0, [KafkaMessage(b"acme", value, (), 0) for value in many])
    part = KafkaSource(broker.cluster, naming.journal, 1, Reading(batch=1)).build_part("in", "p0000", None)
    assert [line.ordinal for line in drain(part, most=1)] == [0]
    delete_before(broker.cluster, naming.journal, 0, 39)
    with pytest.raises(StateCorrupt, match=r"partition 0: offset \d+ .* holds 39 up to before 40"):
        drain(part)
    offset, ordinal = part.snapshot()
    assert offset == ordinal < 39
    part.close()


def test_a_state_that_retention_overtook_is_refused(broker: Broker, naming: Naming) -> None:
    topic = naming.state("themes")
    make_topics(broker.cluster, [topic])
    log = KafkaStateLogs(broker.cluster).open(topic, 0)
    list(log.load(None))
    log.append([("t", "a", 1)])
    pointer = log.append([("t", "b", 2)])
    delete_before(broker.cluster, topic, 0, 1)
    with pytest.raises(StateCorrupt, match=r"offset 0 .* holds 1 up to before 2.*undercurrent rebuild"):
        list(log.load(pointer))


def test_a_dead_run_s_entry_that_arrives_late_never_happened(broker: Broker, naming: Naming) -> None:
    topic = naming.state("themes")
    make_topics(broker.cluster, [topic])
    dead, living = (KafkaStateLogs(broker.cluster).open(topic, 0) for _ in range(2))
    list(dead.load(None))
    committed = dead.append([("t", "a", 1)])
    list(living.load(committed))
    living.append([("t", "b", 2)])
    dead.append([("t", "b", "late")])
    pointer = living.append([("t", "c", 3)])
    assert list(living.load(pointer)) == [("t", "a", 1), ("t", "b", 2), ("t", "c", 3)]


def test_an_entry_that_is_not_what_was_written_is_found(broker: Broker, naming: Naming) -> None:
    topic = naming.state("themes")
    make_topics(broker.cluster, [topic])
    log = KafkaStateLogs(broker.cluster).open(topic, 0)
    list(log.load(None))
    pointer = log.append([("t", "a", 1)])
    session = (SESSION, pointer.segments[0].session.encode())
    put(broker.cluster, topic, 0, [KafkaMessage(None, b"{}", (session,), 0)])
    data = pointer.as_data() | {"segments": [[pointer.segments[0].session, 0, 2]]}
    with pytest.raises(StateCorrupt, match="not the bytes that were written, at offset 1"):
        list(log.load(Pointer.from_data(data)))


def test_a_killed_stage_counts_and_writes_everything_once(broker: Broker, tmp_path: Path) -> None:
    naming, partitions, records = fresh_naming(), 2, 500 * KILLS
    make_topics(broker.cluster, [naming.journal, naming.state("count"), *map(naming.topic, TOPICS)])
    lines = [b"poison" if n % 97 == 96 else b"k%d %d" % (n % 13, n % 10) for n in range(records)]
    for partition in range(partitions):
        put(broker.cluster, naming.journal, partition, lines)
    worker = "tests.support.kafka_counting_worker"
    argv = [sys.executable, "-m", worker, broker.bootstrap, naming.prefix, str(tmp_path), str(partitions)]
    survived = kill_repeatedly(argv, KILLS, seed=4, alive_s=(0.05, 0.4), ready=_grows(broker, naming))
    assert survived.killed > 0
    for partition in range(partitions):
        assert _read(broker, naming, partition) == _expected(partition, lines)


def _grows(broker: Broker, naming: Naming) -> Callable[[], bool]:
    """Whether the topic has grown since this was last true."""
    seen = [0]
    admin = broker.cluster.admin()
    place = (naming.topic("counted"), 0)

    def has_grown() -> bool:
        time.sleep(0.01)
        end = held(admin, [place])[place].end
        grown, seen[0] = end > seen[0], max(end, seen[0])
        return grown

    return has_grown


def _expected(partition: int, lines: list[bytes]) -> dict[str, list[tuple[str, int]]]:
    host = StepHost("count", partition, Count(), MemoryStateLog())
    emitted = host.on_batch(
        [Handed(partition, n, decode(partition, n, line)) for n, line in enumerate(lines)]
    )
    return {
        topic: [(e.out.record.id, getattr(e.out.record, "seen", -1)) for e in emitted if e.out.topic == topic]
        for topic in TOPICS
    }


def _read(broker: Broker, naming: Naming, partition: int) -> dict[str, list[tuple[str, int]]]:
    """What the reader of each topic sees, where it had nothing to drop."""
    found = {}
    for topic in TOPICS:
        name = naming.topic(topic)
        source = KafkaSource(broker.cluster, name, partitions=2, reading=Reading(), numbered_by="sequence")
        part = source.build_part("in", f"p{partition:04d}", None)
        read = [_seen(line.data) for line in drain(part)]
        part.close()
        assert source.duplicates == 0
        found[topic] = read
    return found


def _seen(data: bytes) -> tuple[str, int]:
    record = Counted.model_validate_json(data)
    return record.id, record.seen
