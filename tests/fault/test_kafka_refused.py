"""F04, F09, F10, F13, F14, F15 for the product on Kafka: a start that cannot go well is refused with what to do.

Refused means exit code 4, which a supervisor does not answer by trying for ever. Nothing is skipped and nothing is
written twice by what comes after the repair.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from confluent_kafka.admin import NewPartitions

from connectors.kafka.cluster import Cluster
from operators.ports import VectorIndex
from settings import load_settings
from tests.support.broker import fresh_naming, make_topics
from tests.support.checker import Verdict, check
from tests.support.crash import run_to_end
from tests.support.kafka_flow import KafkaFlow, RunningStage
from tests.support.kafka_parts import delete_before
from tests.support.nemesis import EAGER, REFUSED
from tests.support.undisturbed import Undisturbed, undisturbed
from tests.support.workload import TENANTS, Workload, make_workload
from wiring.kafka.broker import Broker
from wiring.kafka.home import StageHome
from wiring.kafka.running import Site, StageRunning, run_stage
from wiring.stage import open_stage

SEED = 2
PARTITIONS = 2
REPEAT = "pytest tests/fault/test_kafka_refused.py"
SMALL = {tenant: slice(part.start, part.start + 40) for tenant, part in TENANTS.items()}


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    return make_workload(tmp_path_factory.mktemp("refused") / "workload", SEED, PARTITIONS, SMALL)


@pytest.fixture(scope="module")
def expected(workload: Workload) -> Undisturbed:
    return undisturbed(workload.keys, workload.journal(), workload.root / "reference")


def halves(workload: Workload) -> list[dict[int, list[bytes]]]:
    """The workload in two parts."""
    journal = workload.journal()
    return [
        {p: lines[: len(lines) // 2] for p, lines in journal.items()},
        {p: lines[len(lines) // 2 :] for p, lines in journal.items()},
    ]


def half_read(broker: Broker, workload: Workload, data: Path) -> KafkaFlow:
    """A flow whose intake has read the first half of the journal, and ended; the second half has come since."""
    flow = KafkaFlow(broker.cluster, fresh_naming(), data, PARTITIONS)
    flow.take_keys(workload.keys)
    flow.make()
    first, second = halves(workload)
    flow.append(first)
    read_rest(flow)
    flow.append(second)
    return flow


def read_rest(flow: KafkaFlow) -> None:
    """Run intake to the end of the journal, in this process: what it leaves is the same, and it starts at once."""
    with patch.dict(os.environ, EAGER):
        settings = load_settings()
    site = Site(flow.cluster, flow.naming, flow.data, PARTITIONS)
    opened = open_stage("intake", site.keys, settings, PARTITIONS, no_index)
    try:
        run_stage(opened.pipeline, site, StageRunning(follow=False, epoch=timedelta(seconds=0.2)))
    finally:
        opened.close()


def no_index(_partition: int, _encoder_version: str, _dims: int) -> VectorIndex:
    raise AssertionError("intake has no index")


@pytest.fixture(scope="module")
def stopped(broker: Broker, workload: Workload, tmp_path_factory: pytest.TempPathFactory) -> KafkaFlow:
    """For tests that only look at its topics, and damage a copy of its folder."""
    return half_read(broker, workload, tmp_path_factory.mktemp("stopped") / "data")


@pytest.fixture
def copied(stopped: KafkaFlow, tmp_path: Path) -> KafkaFlow:
    """The same topics, a copy of the folder."""
    shutil.copytree(stopped.data, tmp_path / "data")
    return KafkaFlow(stopped.cluster, stopped.naming, tmp_path / "data", PARTITIONS)


@pytest.fixture
def own(broker: Broker, workload: Workload, tmp_path: Path) -> KafkaFlow:
    """Topics and folder of the test's own."""
    return half_read(broker, workload, tmp_path / "own")


def refused(flow: KafkaFlow, stage: str = "intake") -> str:
    """Start a stage, which must be refused; what it complained of."""
    code, said = flow.run(stage, "--until-end")
    assert code == REFUSED, f"exit {code}:\n{said}"
    return next(line for line in said.splitlines() if line.startswith("undercurrent: "))


def checked(flow: KafkaFlow, expected: Undisturbed, scratch: Path) -> Verdict:
    """Let intake read the rest, and hold what it left against the undisturbed run."""
    read_rest(flow)
    return check(flow, expected, scratch, stages=["intake"])


# -- F13, F14: the folder --------------------------------------------------------------------------------


def _remove(home: StageHome) -> None:
    shutil.rmtree(home.recovery)


def _flip(home: StageHome) -> None:
    path = home.recovery / "part-0.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(255 - byte for byte in data[4096:8192])
    path.write_bytes(data)


def _truncate(home: StageHome) -> None:
    path = home.recovery / "part-0.sqlite3"
    path.write_bytes(path.read_bytes()[:5000])


def _garble(home: StageHome) -> None:
    home.manifest.write_text("{")


@pytest.mark.parametrize(
    "damage", [_remove, _flip, _truncate, _garble], ids=lambda damage: damage.__name__[1:]
)
def test_a_missing_or_damaged_store_is_refused(
    copied: KafkaFlow, damage: Callable[[StageHome], None]
) -> None:
    damage(copied.home("intake"))
    assert "rebuild-stage intake" in refused(copied)


def test_a_store_of_another_run_is_refused(copied: KafkaFlow, own: KafkaFlow) -> None:
    shutil.rmtree(copied.home("intake").recovery)
    shutil.copytree(own.home("intake").recovery, copied.home("intake").recovery)
    assert "belongs to another run" in refused(copied)


def test_the_folder_of_other_topics_is_refused(copied: KafkaFlow, own: KafkaFlow) -> None:
    stranger = KafkaFlow(own.cluster, own.naming, copied.data, PARTITIONS)
    assert "is not the one this state was made with" in refused(stranger)


def test_an_older_copy_of_the_folder_goes_on_and_writes_nothing_twice(
    own: KafkaFlow, expected: Undisturbed, tmp_path: Path
) -> None:
    shutil.copytree(own.home("intake").root, tmp_path / "older")
    read_rest(own)
    shutil.rmtree(own.home("intake").root)
    shutil.copytree(tmp_path / "older", own.home("intake").root)
    verdict = checked(own, expected, tmp_path / "again")
    verdict.assert_holds(REPEAT + " -k older_copy")
    assert verdict.looked_at["duplicates in topics"] == 0


def test_after_the_rebuild_that_the_refusal_names_the_topics_are_what_they_were(
    own: KafkaFlow, expected: Undisturbed, tmp_path: Path
) -> None:
    _flip(own.home("intake"))
    command = re.search(r"`undercurrent (rebuild-stage intake --generation g1)`", refused(own))
    assert command
    where = ["--data", str(own.data), "--prefix", own.naming.prefix, "--yes"]
    run_to_end([sys.executable, "-m", "cli", *command[1].split(), *where])
    verdict = checked(own, expected, tmp_path / "again")
    verdict.assert_holds(REPEAT + " -k after_the_rebuild")
    assert verdict.looked_at["duplicates in topics"] == 0


# -- F09, F10: the topics --------------------------------------------------------------------------------


def test_a_journal_that_lost_what_was_not_read_yet_is_refused(own: KafkaFlow) -> None:
    delete_before(own.cluster, own.naming.journal, 0, own.positions("intake")[0] + 5)
    said = refused(own)
    assert "is gone" in said
    assert "restore the topic, or start from a savepoint" in said


def test_other_partitions_are_refused(own: KafkaFlow) -> None:
    admin = own.cluster.admin()
    asked = admin.create_partitions([NewPartitions(own.naming.topic("redacted"), PARTITIONS + 1)])
    next(iter(asked.values())).result()
    assert f"has {PARTITIONS + 1} partitions, {PARTITIONS} are asked for" in refused(own)


def test_a_topic_that_is_missing_or_was_made_again_is_refused(own: KafkaFlow) -> None:
    name = own.naming.topic("receipts")
    _delete_topic(own.cluster, name)
    assert "create it with `undercurrent topics apply`" in refused(own)
    make_topics(own.cluster, [name], PARTITIONS)
    said = refused(own)
    assert f"topic {name} is not the one this state was made with" in said
    assert "rebuild-stage intake" in said


def _delete_topic(cluster: Cluster, name: str) -> None:
    admin = cluster.admin()
    admin.delete_topics([name])[name].result()


# -- F04: two at once ------------------------------------------------------------------------------------


@pytest.fixture
def zombie(own: KafkaFlow) -> Iterator[RunningStage]:
    """An intake that stands still in the middle of its work."""
    running = RunningStage(own, "intake", env=EAGER)
    try:
        running.await_ready()
        running.pause()
        yield running
    finally:
        running.resume()
        running.kill()


def test_while_a_paused_process_lives_no_other_one_takes_its_place(
    zombie: RunningStage, own: KafkaFlow, expected: Undisturbed, tmp_path: Path
) -> None:
    assert "in use by the group of process" in refused(own)
    zombie.resume()
    zombie.await_caught_up()
    zombie.drain()
    check(own, expected, tmp_path / "again", stages=["intake"]).assert_holds(REPEAT + " -k paused")


# -- F15: the disk ---------------------------------------------------------------------------------------


def test_a_full_disk_stops_a_stage_before_it_commits_and_it_goes_on_with_more_room(
    own: KafkaFlow, expected: Undisturbed, tmp_path: Path
) -> None:
    store = own.home("intake").recovery / "part-0.sqlite3"
    room = store.stat().st_size

    def no_more_than_there_is() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    running = RunningStage(own, "intake", env=EAGER, preexec=no_more_than_there_is)
    try:
        assert running.await_end(within_s=60) not in (0, REFUSED), running.said
        assert "undercurrent: " in running.said
    finally:
        running.kill()
    checked(own, expected, tmp_path / "again").assert_holds(REPEAT + " -k full_disk")
