"""Replay on a real Kafka: another generation beside the live one, byte for byte the same, or from the middle on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from connectors.kafka.reading import held
from contracts.identity import ordinal_of
from tests.support.broker import fresh_naming
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import OUTAGE_DAY, load_sample
from wiring.kafka.broker import Broker
from wiring.topics import STAGES, stage_producers


@dataclass(frozen=True)
class Live:
    """A generation that has run to its end, and the name of the next one."""

    flow: KafkaFlow

    def generation(self, name: str) -> KafkaFlow:
        return replace(self.flow, naming=replace(self.flow.naming, generation=name))

    def replay(self, name: str, *more: str, until: str = "--until-end") -> subprocess.CompletedProcess[str]:
        where = ["--data", str(self.flow.data), "--partitions", str(self.flow.partitions)]
        names = ["--generation", name, "--prefix", self.flow.naming.prefix]
        argv = [sys.executable, "-m", "cli", "replay", *where, *names, until, *more]
        return subprocess.run(
            argv, env=self.flow.environment(), capture_output=True, text=True, timeout=150, check=False
        )

    def replayed(self, name: str, *more: str) -> KafkaFlow:
        told = self.replay(name, *more)
        assert told.returncode == 0, told.stdout + told.stderr
        return self.generation(name)


@pytest.fixture(scope="module")
def live(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """g1 over a slice of the sample, run to its end."""
    root = tmp_path_factory.mktemp("replay")
    load_sample(root / "loaded", OUTAGE_DAY)
    flow = KafkaFlow(broker.cluster, fresh_naming(), root / "data")
    shutil.copytree(root / "loaded" / "keys", flow.data / "keys")
    flow.make()
    flow.copy_journal(root / "loaded")
    flow.run_to_end()
    yield Live(flow)


def same(one: KafkaFlow, other: KafkaFlow, stages: tuple[str, ...]) -> list[str]:
    """The topics of these stages that differ; each must hold something in one of them."""
    written = [(topic, stage) for topic, by in stage_producers().items() for stage in by if stage in stages]
    assert one.values("priorities")
    return [t for t, stage in written if one.values(t, stage=stage) != other.values(t, stage=stage)]


def test_a_replay_of_enriched_writes_the_same_bytes(live: Live) -> None:
    again = live.replayed("g2", "--from", "enriched")
    assert same(live.flow, again, ("themes", "priority")) == []


def test_a_replay_of_the_journal_writes_the_same_bytes(live: Live) -> None:
    again = live.replayed("g3", "--from", "journal")
    assert same(live.flow, again, STAGES) == []


@pytest.mark.parametrize("source", ["journal", "redacted", "enriched", "assignments"])
def test_a_replay_from_the_middle_carries_the_ordinals_of_the_journal(live: Live, source: str) -> None:
    ids = live.flow.ids(source) if source != "journal" else [f"0-{n}" for n in range(600)]
    middle = len(ids) // 2
    again = live.replayed(f"m-{source}", "--from", source, "--offset", str(middle))
    first = next(name for name in again.ids("priorities" if source == "assignments" else "assignments") if name)
    assert ordinal_of(first) >= ordinal_of(ids[middle] or "")
