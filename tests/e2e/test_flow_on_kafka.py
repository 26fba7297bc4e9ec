"""One flow on both: files and one process, Kafka and a process per stage. The same journal gives the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connectors.jsonl.log import read_log
from connectors.kafka.names import Naming
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import load_sample, run_reference
from wiring.kafka.broker import Broker
from wiring.topics import stage_producers


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a journal and what the reference runner makes of it, in ``reference``."""
    directory = tmp_path_factory.mktemp("kafka-e2e") / "loaded"
    load_sample(directory)
    run_reference(directory, directory / "reference")
    return directory


@pytest.fixture
def flow(broker: Broker, naming: Naming, loaded: Path, tmp_path: Path) -> KafkaFlow:
    """The same journal on Kafka, the same keys, nothing run yet."""
    made = KafkaFlow(broker.cluster, naming, tmp_path / "data")
    shutil.copytree(loaded / "keys", made.data / "keys")
    made.make()
    made.copy_journal(loaded)
    return made


def test_every_topic_holds_what_the_embedded_run_writes(flow: KafkaFlow, loaded: Path) -> None:
    flow.run_to_end()
    for topic, stages in stage_producers().items():
        for place, stage in enumerate(stages):
            there = flow.values(topic, stage=stage)
            assert there == [line.data for line in read_log(loaded / "reference" / topic, place)], topic
