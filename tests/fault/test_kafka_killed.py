"""F01, F02, F03, F05, F12 for the product on Kafka: its processes are killed, stopped and rescaled while it is fed.

Nothing is lost, nothing takes effect twice, and topics and state are those of the undisturbed run.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from tests.support.checker import check
from tests.support.kafka_flow import KafkaFlow, RunningStage, lives
from tests.support.nemesis import EAGER, Nemesis
from tests.support.undisturbed import Undisturbed, undisturbed
from tests.support.workload import Appending, Workload, attempts, make_workload
from wiring.kafka.broker import Broker
from wiring.topics import STAGES

SEED = 1
PARTITIONS = 3
REPEAT = "pytest tests/fault/test_kafka_killed.py"

# A process whose peer died must not hang: it ends within this time.
PEERS_END_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    return make_workload(tmp_path_factory.mktemp("killed") / "workload", SEED, PARTITIONS)


@pytest.fixture(scope="module")
def expected(workload: Workload) -> Undisturbed:
    return undisturbed(workload.keys, workload.journal(), workload.root / "reference")


@pytest.fixture
def flow(broker: Broker, naming: Naming, workload: Workload, tmp_path: Path) -> KafkaFlow:
    made = KafkaFlow(broker.cluster, naming, tmp_path / "data", PARTITIONS)
    made.take_keys(workload.keys)
    made.make()
    return made


@pytest.fixture
def nemesis(flow: KafkaFlow) -> Iterator[Nemesis]:
    one = Nemesis(flow, SEED)
    yield one
    one.end()


def feed(flow: KafkaFlow, workload: Workload, rate: float) -> Appending:
    """Send the workload at so many records a second."""
    return Appending(
        flow.cluster, flow.naming.journal, workload, flow.data / "account", rate=rate, within_s=60
    )


def thirds(workload: Workload) -> list[dict[int, list[bytes]]]:
    """The workload in three parts."""
    parts: list[dict[int, list[bytes]]] = [{}, {}, {}]
    for p, lines in workload.journal().items():
        cut = len(lines) // 3
        for part, those in zip(parts, (lines[:cut], lines[cut : 2 * cut], lines[2 * cut :]), strict=True):
            part[p] = those
    return parts


def test_each_stage_is_killed_once_while_it_works(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    nemesis.start()
    nemesis.heal()
    appending = feed(flow, workload, rate=250)
    for name in STAGES:
        running = nemesis.stages[name]
        running.await_progress()
        time.sleep(nemesis.rng.uniform(0.0, 0.4))
        running.kill()
        nemesis.start(name)
    appending.join()
    nemesis.drain()
    sent = attempts(flow.data / "account", workload)
    check(flow, expected, tmp_path / "again", sent).assert_holds(REPEAT + " -k once_while")


def test_all_stages_are_killed_at_once_and_go_on_with_the_same_folders(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    flow.append(workload.journal())
    nemesis.start()
    nemesis.stages["themes"].await_progress()
    nemesis.kill_all()
    nemesis.drain()
    check(flow, expected, tmp_path / "again").assert_holds(REPEAT + " -k at_once")


def test_when_one_of_two_processes_dies_the_other_ends_and_both_come_back(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    flow.append(workload.journal())
    group = RunningStage(flow, "intake", 2, env=EAGER)
    nemesis.stages["intake"] = group.await_ready()
    before = group.members()
    os.kill(before[1], signal.SIGKILL)
    deadline = time.monotonic() + PEERS_END_WITHIN_S
    while lives(before[0]):
        assert time.monotonic() < deadline, group.said
        time.sleep(0.02)
    group.await_ready()
    nemesis.drain()
    assert not set(before.values()) & set(group.members().values())
    check(flow, expected, tmp_path / "again", stages=["intake"]).assert_holds(REPEAT + " -k one_of_two")


def test_sigterm_ends_a_stage_in_order_and_it_goes_on_where_it_stopped(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    first = RunningStage(flow, "intake", env=EAGER)
    nemesis.stages["intake"] = first.await_ready()
    appending = feed(flow, workload, rate=200)  # 5 s from when it reads: it is stopped before the end
    first.await_progress()
    first.drain()
    stopped_at = flow.positions("intake")
    appending.join()
    nemesis.start("intake")
    nemesis.drain()
    verdict = check(flow, expected, tmp_path / "again", stages=["intake"])
    verdict.assert_holds(REPEAT + " -k sigterm")
    assert verdict.looked_at["duplicates in topics"] == 0
    assert 0 < sum(stopped_at.values()) < sum(flow.ends("intake").values())


def test_a_stage_goes_on_alike_with_two_processes_and_with_one_again(
    nemesis: Nemesis, flow: KafkaFlow, workload: Workload, expected: Undisturbed, tmp_path: Path
) -> None:
    nemesis.start("intake", "extract")
    for workers, part in zip((1, 2, 1), thirds(workload), strict=True):
        if "themes" in nemesis.stages:
            nemesis.stages["themes"].drain()
        nemesis.stages["themes"] = RunningStage(flow, "themes", workers, env=EAGER)
        flow.append(part)
        for name in ("intake", "extract", "themes"):
            nemesis.stages[name].await_caught_up()
    nemesis.drain()
    verdict = check(flow, expected, tmp_path / "again", stages=["intake", "extract", "themes"])
    verdict.assert_holds(REPEAT + " -k two_processes")
