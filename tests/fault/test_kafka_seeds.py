"""The long form: all stages fed while a seeded sequence of faults strikes them and the broker, then every invariant.

``make faults SEEDS=20`` runs seeds 1 to 20 and writes docs/reliability.md of what was found; one seed again:
``FAULT_SEED=7 pytest tests/fault/test_kafka_seeds.py -m slow``. What a run found lies in ``out/faults``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from tests.support.checker import check, undisturbed
from tests.support.kafka_flow import ROOT, KafkaFlow
from tests.support.nemesis import DRAINED_WITHIN_S, Nemesis
from tests.support.workload import Appending, attempts, make_workload
from wiring.kafka.broker import local_broker
from wiring.kafka.server import LocalBroker

FOUND = ROOT / "out" / "faults"
PARTITIONS = 4
ACTIONS = 8
# Slow enough that the faults strike while it comes in: about 30 s.
RATE = 30.0


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
    nemesis = Nemesis(flow, seed, shaky)
    try:
        nemesis.start()
        nemesis.heal()
        appending = Appending(
            flow.cluster, naming.journal, workload, tmp_path / "account", rate=RATE, within_s=300
        )
        nemesis.disturb(ACTIONS, until=lambda: appending.is_over)
        nemesis.heal()
        appending.join()
        nemesis.drain()
    finally:
        nemesis.end()
    expected = undisturbed(workload.keys, workload.journal(), tmp_path / "reference")
    verdict = check(flow, expected, tmp_path / "again", attempts(tmp_path / "account", workload))
    FOUND.mkdir(parents=True, exist_ok=True)
    found = {
        "seed": seed,
        "done": nemesis.done,
        "ends": nemesis.ends,
        "drained_in_s": round(nemesis.drained_in_s, 1),
        "drained_within_s": DRAINED_WITHIN_S,
        "broken": verdict.broken,
        "looked_at": verdict.looked_at,
    }
    (FOUND / f"seed-{seed:04d}.json").write_text(json.dumps(found, indent=1) + "\n")
    verdict.assert_holds(f"FAULT_SEED={seed} pytest tests/fault/test_kafka_seeds.py -m slow")
