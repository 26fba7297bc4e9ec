"""One flow on both: files and one process, Kafka and a process per stage. The same journal gives the same bytes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jsonl.log import read_log
from contracts.commands import ReportIssue
from tests.support.broker import fresh_naming
from tests.support.commands import Told, undercurrent
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import KEYWORDS, load_sample, run_reference
from wiring.appending import Given, kafka_orders
from wiring.kafka.broker import Broker
from wiring.kafka.running import Site
from wiring.topics import stage_producers


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a journal and what the reference runner makes of it, in ``reference``."""
    directory = tmp_path_factory.mktemp("kafka-e2e") / "loaded"
    load_sample(directory)
    run_reference(directory, directory / "reference")
    return directory


@pytest.fixture(scope="module")
def flow(broker: Broker, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> KafkaFlow:
    """The same journal on Kafka, the same keys, through every stage."""
    made = KafkaFlow(broker.cluster, fresh_naming(), tmp_path_factory.mktemp("kafka-e2e") / "data")
    shutil.copytree(loaded / "keys", made.data / "keys")
    made.make()
    made.copy_journal(loaded)
    made.run_to_end()
    return made


def test_every_topic_holds_what_the_embedded_run_writes(flow: KafkaFlow, loaded: Path) -> None:
    for topic, stages in stage_producers().items():
        for place, stage in enumerate(stages):
            there = flow.values(topic, stage=stage)
            assert there == [line.data for line in read_log(loaded / "reference" / topic, place)], topic


def give(flow: KafkaFlow, *argv: str) -> Told:
    """``undercurrent issues`` on this flow's cluster."""
    where = ("--data", str(flow.data), "--prefix", flow.naming.prefix, "--partitions", "1")
    env = {**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": flow.cluster.bootstrap}
    return undercurrent("issues", *where, *argv, env=env)


def test_issues_are_listed_as_their_tracker_reports_them(flow: KafkaFlow) -> None:
    opened = give(flow, "--json").json["issues"]
    assert {one["state"] for one in opened} == {"open"}
    issue, tenant = opened[0]["issue_id"], opened[0]["tenant"]
    assert "is open" in give(flow, "--tell", issue).err
    now = datetime(2027, 1, 1, tzinfo=UTC)
    report = ReportIssue(tracker="linear", issue_id=issue, key="ENG-42", state="done", at=now)
    with kafka_orders(Site(flow.cluster, flow.naming, flow.data, 1), lambda: now) as orders:
        orders.give("linear", [Given(tenant, report)])
    flow.run_to_end()
    (done,) = give(flow, "--state", "done", "--json").json["issues"]
    assert (done["issue_id"], done["key"]) == (issue, "ENG-42")
    assert give(flow, "--tell", "ENG-42", "--json").json["accounts"] > 0
    assert "ENG-42" in give(flow).out
    assert give(flow, "--tenant", "nobody", "--json").json["issues"] == []


def test_issues_of_a_generation_that_is_not_there_are_refused_by_name(flow: KafkaFlow) -> None:
    told = give(flow, "--generation", "g7")
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert f"{flow.naming.prefix}.g7.issues.v1" in told.err
