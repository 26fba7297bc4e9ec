"""F06, F07, F08 for the product on Kafka: the broker freezes, is bounced, or stays away while the stages work."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID as INVALID
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, held
from contracts.errors import StopWorker
from tests.support.broker import make_topics
from tests.support.checker import check
from tests.support.kafka_flow import KafkaFlow
from tests.support.nemesis import EAGER, REFUSED, Nemesis
from tests.support.undisturbed import Undisturbed, undisturbed
from tests.support.workload import TENANTS, Appending, Workload, attempts, make_workload
from wiring.kafka.broker import local_broker
from wiring.kafka.publishing.book import Book, told_positions
from wiring.kafka.publishing.marks import Position
from wiring.kafka.server import LocalBroker

SEED = 3
PARTITIONS = 2
REPEAT = "pytest tests/fault/test_kafka_broker_away.py"
SMALL = {tenant: slice(part.start, part.start + 60) for tenant, part in TENANTS.items()}

# The product waits 30 s for a broker; a test that waits until it gives up says so to a process of its own. That writes
# its first batch, and the second one when the broker is gone: a stage that has written all does not miss it.
IMPATIENT = """
import os, sys, time
from pathlib import Path
from connectors.kafka.sink import KafkaSink, SinkPart
from connectors.kafka.statelog import KafkaStateLogs
for waiting in (KafkaSink, KafkaStateLogs):
    waiting.__init__.__kwdefaults__["within_s"] = 2.0
write, batches = SinkPart.write_batch, []
def write_batch(part, batch):
    batches.append(len(batch))
    while len(batches) > 1 and not Path(os.environ["GONE"]).exists():
        time.sleep(0.01)
    write(part, batch)
SinkPart.write_batch = write_batch
from cli.main import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    return make_workload(tmp_path_factory.mktemp("away") / "workload", SEED, PARTITIONS, SMALL)


@pytest.fixture(scope="module")
def expected(workload: Workload) -> Undisturbed:
    return undisturbed(workload.keys, workload.journal(), workload.root / "reference")


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker that the tests of this module break; each leaves it running."""
    opened = local_broker(tmp_path_factory.mktemp("shaky") / "kafka", why="tests want to break it")
    yield opened
    opened.stop()


@pytest.fixture
def flow(shaky: LocalBroker, naming: Naming, workload: Workload, tmp_path: Path) -> KafkaFlow:
    shaky.start()
    made = KafkaFlow(shaky.cluster, naming, tmp_path / "data", PARTITIONS)
    made.take_keys(workload.keys)
    made.make()
    return made


@pytest.fixture
def nemesis(flow: KafkaFlow, shaky: LocalBroker) -> Iterator[Nemesis]:
    """Intake and extract, which hand on to each other through the broker."""
    one = Nemesis(flow, SEED, shaky)
    one.start("intake", "extract")
    yield one
    one.end()


def feed(flow: KafkaFlow, workload: Workload) -> Appending:
    """Send the workload for about five seconds."""
    return Appending(
        flow.cluster, flow.naming.journal, workload, flow.data / "account", rate=100, within_s=90
    )


def assert_all_is_well(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, scratch: Path
) -> None:
    nemesis.heal()
    nemesis.drain()
    sent = attempts(flow.data / "account", workload)
    check(flow, expected, scratch, sent, stages=["intake", "extract"]).assert_holds(REPEAT)


def test_a_frozen_broker_makes_everybody_wait_and_nobody_end(
    nemesis: Nemesis,
    flow: KafkaFlow,
    shaky: LocalBroker,
    workload: Workload,
    expected: Undisturbed,
    tmp_path: Path,
) -> None:
    nemesis.heal()
    appending = feed(flow, workload)
    nemesis.stages["intake"].await_progress()
    shaky.pause()
    time.sleep(6.0)
    shaky.resume()
    appending.join()
    assert_all_is_well(nemesis, flow, workload, expected, tmp_path / "again")
    assert not nemesis.ends, nemesis.ends


def test_a_broker_that_is_killed_and_bounced_loses_nothing(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    nemesis.heal()
    appending = feed(flow, workload)
    before = nemesis.stages["intake"].await_progress()
    nemesis.kill_broker()
    nemesis.stages["intake"].await_progress(before)
    nemesis.bounce_broker()
    appending.join()
    assert_all_is_well(nemesis, flow, workload, expected, tmp_path / "again")


def test_a_broker_that_stays_away_ends_a_stage_loudly_and_nothing_is_lost(
    flow: KafkaFlow, shaky: LocalBroker, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    flow.append(workload.journal())
    argv = [sys.executable, "-c", IMPATIENT, *flow.argv("intake")[3:]]
    gone = tmp_path / "gone"
    env = flow.environment({**EAGER, "GONE": str(gone)})
    process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _await_output(flow)
        shaky.kill()
        gone.touch()
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        shaky.start()
    assert process.returncode not in (0, REFUSED), said.decode()
    assert b"see that the broker is reachable, then start again" in said
    flow.run_to_end(["intake"])
    check(flow, expected, tmp_path / "again", stages=["intake"]).assert_holds(REPEAT + " -k stays_away")


def _await_output(flow: KafkaFlow, within_s: float = 60.0) -> None:
    """Until intake has written something."""
    deadline = time.monotonic() + within_s
    while not any(flow.ends("extract").values()):
        assert time.monotonic() < deadline, "intake wrote nothing"
        time.sleep(0.01)


def test_a_client_that_lived_through_a_restart_of_its_broker_still_gets_offsets(
    shaky: LocalBroker, naming: Naming
) -> None:
    shaky.start()
    make_topics(shaky.cluster, [naming.journal], 1)
    admin = shaky.cluster.admin()
    before = held(admin, [(naming.journal, 0)])
    shaky.kill()
    shaky.start()
    assert held(admin, [(naming.journal, 0)]) == before


def test_a_publisher_that_lived_through_a_restart_of_its_broker_still_tells_its_positions(
    shaky: LocalBroker, naming: Naming
) -> None:
    shaky.start()
    make_topics(shaky.cluster, [naming.topic("themes")], 1)
    place = ("themes", 0)
    book = Book(shaky.cluster, naming.prefix)
    book.tell_now({place: Position("g1", 1)})
    for offset, away in enumerate((shaky.kill, shaky.stop), 2):
        away()
        book.tell({place: Position("g1", offset)})
        shaky.start()
        book.tell_now({place: Position("g1", 10 * offset)})
        told = told_positions(shaky.cluster, naming.prefix, ["themes"])
        assert told == {place: [Position("g1", 10 * offset)]}


class NotYet:
    """An admin client that answers a few times without offsets, as one does whose broker was frozen."""

    def __init__(self, times: int) -> None:
        self._left = 2 * times

    def list_topics(self, **_how: object) -> SimpleNamespace:
        return SimpleNamespace(topics={"t": None})

    def list_offsets(self, asked: Iterable[TopicPartition], **_how: object) -> dict[TopicPartition, Any]:
        self._left -= 1
        offset = INVALID if self._left >= 0 else 7
        answers = {place: Future[SimpleNamespace]() for place in asked}
        for answer in answers.values():
            answer.set_result(SimpleNamespace(offset=offset))
        return answers


def test_an_answer_without_offsets_is_no_answer() -> None:
    admin: Any = NotYet(times=5)
    assert held(admin, [("t", 0)]) == {("t", 0): Held(7, 7)}


class NobodyLeads:
    """An admin client that says at once, again and again, that there is no leader."""

    def __init__(self, times: int) -> None:
        self.patience_s: list[float] = []
        self._times = times

    def list_topics(self, **_how: object) -> SimpleNamespace:
        return SimpleNamespace(topics={"t": None})

    def list_offsets(
        self, asked: Iterable[TopicPartition], *, request_timeout: float
    ) -> dict[TopicPartition, Any]:
        self.patience_s.append(request_timeout)
        if len(self.patience_s) <= self._times:
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return NotYet(0).list_offsets(asked)


def test_a_start_that_asks_often_stays_within_what_the_client_takes() -> None:
    admin: Any = NobodyLeads(times=15)
    held(admin, [("t", 0)])
    assert max(admin.patience_s) <= 30.0


class Nowhere(NobodyLeads):
    """A broker that answers, and has never heard of the topic."""

    def list_topics(self, **_how: object) -> SimpleNamespace:
        return SimpleNamespace(topics={"another": None})


def test_a_topic_that_an_answering_broker_does_not_know_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.kafka.reading._UNKNOWN_S", 0.1)
    admin: Any = Nowhere(times=15)
    with pytest.raises(StopWorker, match="topic t does not exist"):
        held(admin, [("t", 0)])
    assert len(admin.patience_s) < 5
