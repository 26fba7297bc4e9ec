"""The long form: all stages fed while a seeded sequence of faults strikes them and the broker, then every invariant.

``make faults SEEDS=20`` runs seeds 1 to 20 and writes docs/reliability.md of what was found; one seed again:
``FAULT_SEED=7 pytest tests/fault/test_kafka_seeds.py -m slow``. What a run found lies in ``out/faults``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from tests.support.checker import Verdict, check
from tests.support.kafka_flow import ROOT, KafkaFlow
from tests.support.nemesis import Nemesis
from tests.support.undisturbed import undisturbed
from tests.support.workload import Appending, Workload, attempts, make_workload
from wiring.kafka.broker import local_broker
from wiring.kafka.server import LocalBroker

FOUND = ROOT / "out" / "faults"
PARTITIONS = 4
ACTIONS = 6
# Slow enough that the faults strike while it comes in: about 20 s.
RATE = 50.0


def seeds() -> list[int]:
    """FAULT_SEED alone, else 1 up to FAULT_KILLS (what ``make faults SEEDS=…`` sets)."""
    if "FAULT_SEED" in os.environ:
        return [int(os.environ["FAULT_SEED"])]
    return list(range(1, 1 + int(os.environ.get("FAULT_KILLS", "5"))))


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker to be broken again and again, on the same data."""
    opened = local_broker(tmp_path_factory.mktemp("seeds") / "kafka", why="tests want to break it")
    yield opened
    opened.stop()


@dataclass
class Run:
    """One seed's run: its flow, what disturbed it, what was found."""

    seed: int
    root: Path
    workload: Workload
    flow: KafkaFlow
    nemesis: Nemesis
    verdict: Verdict

    def disturb(self) -> None:
        """Feed all stages while faults strike, heal, and let everything be read."""
        try:
            self.nemesis.start()
            self.nemesis.heal()
            appending = Appending(
                self.flow.cluster,
                self.flow.naming.journal,
                self.workload,
                self.root / "account",
                rate=RATE,
                within_s=300,
            )
            self.nemesis.disturb(ACTIONS, until=lambda: appending.is_over)
            self.nemesis.heal()
            appending.join()
            self.nemesis.drain()
        finally:
            self.nemesis.end()

    def judge(self) -> None:
        """Hold what lies there against an undisturbed run."""
        expected = undisturbed(self.workload.keys, self.workload.journal(), self.root / "reference")
        sent = attempts(self.root / "account", self.workload)
        self.verdict = check(self.flow, expected, self.root / "again", sent)

    def write(self) -> None:
        """Leave what was found for the report."""
        found = {
            "seed": self.seed,
            "done": self.nemesis.done,
            "ends": self.nemesis.ends,
            "drained_in_s": round(self.nemesis.drained_in_s, 1),
            "broken": self.verdict.broken,
            "looked_at": self.verdict.looked_at,
        }
        FOUND.mkdir(parents=True, exist_ok=True)
        (FOUND / f"seed-{self.seed:04d}.json").write_text(json.dumps(found, indent=1) + "\n")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", seeds())
def test_no_sequence_of_faults_loses_doubles_or_invents_anything(
    seed: int, shaky: LocalBroker, naming: Naming, tmp_path: Path
) -> None:
    shaky.start()
    workload = make_workload(tmp_path / "workload", seed, PARTITIONS)
    flow = KafkaFlow(shaky.cluster, naming, tmp_path / "data", PARTITIONS)
    flow.take_keys(workload.keys)
    flow.make()
    run = Run(seed, tmp_path, workload, flow, Nemesis(flow, seed, shaky), Verdict())
    try:
        run.disturb()
        run.judge()
    except BaseException as exc:
        run.verdict.broken["I7"].append(f"it did not come to an end: {exc}")
        raise
    finally:
        run.write()
    run.verdict.assert_holds(f"FAULT_SEED={seed} pytest tests/fault/test_kafka_seeds.py -m slow")
