"""The product's own stages across a cutover: a replay of the last stage takes over its topics."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jsonl.log import read_log
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.messages import header
from connectors.kafka.names import Naming
from tests.support.broker import make_topics
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import load_sample
from tests.support.published import Generations
from wiring.datadir import DataDir
from wiring.kafka.broker import Broker
from wiring.kafka.generations import cut_over
from wiring.topics import published


@pytest.fixture
def flow(broker: Broker, naming: Naming, tmp_path: Path) -> KafkaFlow:
    """A journal with a cutover to g2 at its end, read by all stages of g1 and by g2's last one."""
    loaded = tmp_path / "loaded"
    load_sample(loaded)
    made = KafkaFlow(broker.cluster, naming, tmp_path / "data")
    shutil.copytree(loaded / "keys", made.data / "keys")
    made.make()
    other = replace(made, naming=Naming(naming.prefix, "g2"))
    make_topics(
        broker.cluster, [*(set(other.topics) - set(made.topics)), *map(naming.public, published())], 1
    )
    lines = [line.data for line in read_log(DataDir(loaded).journal, 0)]
    with KafkaJournal(broker.cluster, naming.journal, 1, "test") as journal:
        journal.append(0, lines)
    cut_over(broker.cluster, other.naming, 1, "ada", datetime(2026, 1, 1, tzinfo=UTC))
    made.run_to_end()
    other.run_to_end(["priority"], "--reads", "g1")
    return made


def test_a_replay_of_the_last_stage_takes_over_its_topics_and_no_others(flow: KafkaFlow) -> None:
    world = Generations(flow.cluster, flow.naming, flow.data)
    world.publish()
    sources = [header(message.headers, "ce_source") for message in world.messages("priorities")]
    assert list(dict.fromkeys(sources)) == ["/undercurrent/g1/priority/0", "/undercurrent/g2/priority/0"]
    assert {header(m.headers, "ce_source") for m in world.messages("themes")} == {"/undercurrent/g1/themes/0"}
    assert sum("does not write it; g1 stays" in notice for notice in world.notices) == 4
