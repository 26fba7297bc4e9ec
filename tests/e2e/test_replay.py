"""Replay on a real Kafka: another generation beside the live one, byte for byte the same, or from the middle on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from connectors.jsonl.log import read_log
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.reading import held
from contracts.identity import ordinal_of
from contracts.pointer import Change
from tests.support.broker import fresh_naming
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import OUTAGE_DAY, load_sample
from wiring.datadir import DataDir
from wiring.kafka.broker import Broker
from wiring.kafka.running import Site
from wiring.kafka.savepoint import read_state
from wiring.snapshots import RecoveryStore
from wiring.topics import STAGES, stage_producers


@dataclass(frozen=True)
class Live:
    """A generation that has run to its end, and the name of the next one."""

    flow: KafkaFlow

    def generation(self, name: str) -> KafkaFlow:
        return replace(self.flow, naming=replace(self.flow.naming, generation=name))

    @property
    def partitions(self) -> tuple[str, str]:
        return "--partitions", str(self.flow.partitions)

    def argv(self, *more: str, data: bool = True) -> list[str]:
        where = ["--data", str(self.flow.data)] if data else []
        return [sys.executable, "-m", "cli", *more, *where, "--prefix", self.flow.naming.prefix]

    def command(self, *more: str, data: bool = True) -> subprocess.CompletedProcess[str]:
        env = self.flow.environment()
        return subprocess.run(
            self.argv(*more, data=data), env=env, capture_output=True, text=True, timeout=150, check=False
        )

    def replayed(self, name: str, *more: str) -> KafkaFlow:
        told = self.command("replay", "--generation", name, "--until-end", *self.partitions, *more)
        assert told.returncode == 0, told.stdout + told.stderr
        return self.generation(name)

    def started(self, name: str, *more: str) -> subprocess.Popen[str]:
        argv = self.argv("replay", "--generation", name, *self.partitions, *more)
        return subprocess.Popen(argv, env=self.flow.environment(), stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("replay") / "loaded"
    load_sample(directory, OUTAGE_DAY)
    return directory


@pytest.fixture(scope="module")
def live(broker: Broker, loaded: Path) -> Live:
    """g1 over a slice of the sample, run to its end."""
    flow = KafkaFlow(broker.cluster, fresh_naming(), loaded.parent / "data")
    shutil.copytree(loaded / "keys", flow.data / "keys")
    flow.make()
    flow.copy_journal(loaded)
    flow.run_to_end()
    return Live(flow)


def append(flow: KafkaFlow, lines: Sequence[bytes]) -> None:
    with KafkaJournal(flow.cluster, flow.naming.journal, flow.partitions, "test") as journal:
        journal.append(0, lines)


def forget(flow: KafkaFlow, topic: str) -> None:
    """Delete every record that partition 0 of a topic holds now."""
    admin = flow.cluster.admin()
    place = TopicPartition(topic, 0, held(admin, [(topic, 0)])[topic, 0].end)
    assert place.offset > 0
    admin.delete_records([place])[place].result(10)


def state_of(flow: KafkaFlow, stage: str) -> tuple[dict[str, Any], dict[str, list[Change]]]:
    """What a stage knows: its snapshots without the place of its rows, and its living rows.

    Settled members lie in segments that are cut wherever a snapshot was taken, so they are left out.
    """
    state = read_state(Site(flow.cluster, flow.naming, flow.data, flow.partitions), stage)
    store = RecoveryStore(flow.data / flow.naming.generation / stage / "recovery")
    snapshots = {
        key: snap for (step, key), snap in store.committed(state.manifest.flow).items() if step == stage
    }
    rows = {
        key: [row for row in found if not row[0].endswith(".members")] for key, found in state.rows.items()
    }
    return {key: {**snap, "pointer": None} for key, snap in snapshots.items()}, rows


def wait_until(reached: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def same(one: KafkaFlow, other: KafkaFlow, stages: tuple[str, ...], filled: str = "priorities") -> list[str]:
    """The topics of these stages that differ; ``filled`` must hold something."""
    written = [(topic, stage) for topic, by in stage_producers().items() for stage in by if stage in stages]
    assert one.values(filled)
    return [t for t, stage in written if one.values(t, stage=stage) != other.values(t, stage=stage)]


@pytest.fixture(scope="module")
def again(live: Live) -> KafkaFlow:
    """g2: the enriched records of g1 once more."""
    return live.replayed("g2", "--from", "enriched")


def test_a_replay_of_enriched_writes_the_same_bytes(live: Live, again: KafkaFlow) -> None:
    assert same(live.flow, again, ("themes", "priority")) == []


def test_commands_see_a_generation_that_began_in_the_middle_as_whole(live: Live, again: KafkaFlow) -> None:
    seen = [
        json.loads(live.command("themes", "--generation", name, "--json", *live.partitions).stdout)
        for name in (live.flow.naming.generation, again.naming.generation)
    ]
    assert seen[0]
    assert seen[0] == seen[1]


def test_generations_of_the_same_bytes_compare_as_the_same(
    live: Live, again: KafkaFlow, tmp_path: Path
) -> None:
    lineage = tmp_path / "lineage.json"
    told = live.command(
        "compare", "g1", again.naming.generation, "--json", "--lineage", str(lineage), data=False
    )
    (one,) = json.loads(told.stdout)["tenants"]
    assert (one["ari"], one["concerns"]["moved"], one["new"], one["would_open"]) == (1.0, 0, [], [])
    kept = json.loads(lineage.read_bytes())["tenants"][one["tenant"]]
    assert kept
    assert all(match["before"] == match["after"] and match["confidence"] == 1 for match in kept)


def test_a_replay_of_the_journal_writes_the_same_bytes(live: Live) -> None:
    again = live.replayed("g3", "--from", "journal")
    assert same(live.flow, again, STAGES) == []


@pytest.mark.slow
def test_a_replay_from_the_middle_carries_the_ordinals_of_the_journal(live: Live) -> None:
    ids = live.flow.ids("redacted")
    middle = len(ids) // 2
    again = live.replayed("g4", "--from", "redacted", "--offset", str(middle))
    assert ordinal_of(again.ids("assignments")[0] or "") == ordinal_of(ids[middle] or "")


@pytest.mark.slow
def test_a_replay_beside_live_traffic_is_stopped_and_goes_on(live: Live) -> None:
    """Its second run finds everything read, and writes nothing twice."""
    again, running = live.generation("g5"), live.started("g5", "--from", "assignments")
    wait_until(lambda: again.home("priority").recovery.exists())
    wait_until(lambda: again.values("linear") == live.flow.values("linear"))
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0, said
    live.replayed("g5", "--from", "assignments")
    assert same(live.flow, again, ("priority",)) == []


def test_a_dropped_stage_makes_its_state_again_and_writes_nothing_twice(live: Live) -> None:
    before, topics = state_of(live.flow, "themes"), live.flow.ids("assignments")
    assert live.command("rebuild-stage", "themes", "--yes").returncode == 0
    live.flow.run_to_end(["themes"])
    assert state_of(live.flow, "themes") == before
    assert live.flow.ids("assignments") == topics


@pytest.mark.slow
def test_a_stage_goes_on_from_a_savepoint_when_home_and_state_log_are_lost(
    live: Live, loaded: Path, tmp_path: Path
) -> None:
    flow = replace(live.flow, naming=fresh_naming(), data=tmp_path / "data")
    shutil.copytree(loaded / "keys", flow.data / "keys")
    flow.make()
    lines = [line.data for line in read_log(DataDir(loaded).journal, 0)]
    append(flow, lines[:200])
    flow.run_to_end(["intake"])
    one = Live(flow)
    file = str(tmp_path / "savepoint")
    assert one.command("savepoint", "create", "--to", file, *one.partitions).returncode == 0
    append(flow, lines[200:])
    flow.run_to_end(["intake"])
    shutil.rmtree(flow.data / "g1")
    forget(flow, flow.naming.state("intake"))
    told = one.command("savepoint", "restore", "--from", file, *one.partitions)
    assert told.returncode == 0, told.stderr
    flow.run_to_end(["intake"])
    assert same(live.flow, flow, ("intake",), "redacted") == []
