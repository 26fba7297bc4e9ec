"""The labeller beside the flows on Kafka: it reads what extract wrote, and its answers come back by the journal."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from contracts.answers import AnswerSetAside
from contracts.registry import read_record
from contracts.stages import EnrichedItem
from tests.support.clerk import honest
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import KEYWORDS, load_sample
from tests.support.vendors import Server, vendor
from wiring.kafka.broker import Broker

PART = slice(850, 950)


@pytest.fixture
def server() -> Iterator[Server]:
    with vendor(lambda asked: honest(asked.user)) as running:
        yield running


@pytest.fixture
def flow(broker: Broker, naming: Naming, tmp_path: Path) -> KafkaFlow:
    load_sample(tmp_path / "loaded", PART)
    made = KafkaFlow(broker.cluster, naming, tmp_path / "data")
    shutil.copytree(tmp_path / "loaded" / "keys", made.data / "keys")
    made.make()
    made.copy_journal(tmp_path / "loaded")
    return made


def argv(flow: KafkaFlow, *more: str) -> list[str]:
    names = ["--prefix", flow.naming.prefix, "--generation", flow.naming.generation]
    where = ["--data", str(flow.data), "--partitions", str(flow.partitions)]
    return [sys.executable, "-m", "cli", "labeller", *where, *names, *more]


def decided(flow: KafkaFlow) -> dict[str, bool]:
    """Every concern, and whether local models alone have decided it."""
    records = [read_record("enriched", value or b"") for value in flow.values("enriched")]
    items = [record for record in records if isinstance(record, EnrichedItem)]
    return {c.concern_id: c.decision.provisional for item in items for c in item.concerns}


def test_killed_and_started_again_every_concern_is_answered_once(flow: KafkaFlow, server: Server) -> None:
    env = flow.environment(
        {**KEYWORDS, "UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    )
    flow.run_to_end(["intake", "extract"])
    asked = sum(decided(flow).values())
    first = subprocess.Popen(argv(flow), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not server.asked:
        assert first.poll() is None, first.communicate()[0].decode()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    ended = subprocess.run(argv(flow, "--until-end"), env=env, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    flow.run_to_end(["intake", "extract"])
    left = sum(decided(flow).values())
    assert (asked > 40, left < asked / 3) == (True, True)
    receipts = [read_record("receipts", value or b"") for value in flow.values("receipts", stage="extract")]
    reasons = {one.reason for one in receipts if isinstance(one, AnswerSetAside)}
    assert reasons <= {"it was applied before"}
