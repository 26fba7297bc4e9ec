"""The labeller beside the flows on Kafka: it reads what extract wrote, and its answers go into the journal."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from connectors.kafka.reading import between, held
from contracts.answers import Answer
from contracts.registry import read_journal, read_record
from contracts.stages import EnrichedItem
from tests.support.broker import make_topics
from tests.support.clerk import honest
from tests.support.kafka_flow import KafkaFlow
from tests.support.model_vendors import Server, vendor
from tests.support.product import KEYWORDS, load_sample
from wiring.kafka.broker import Broker
from wiring.kafka.publishing.book import Book
from wiring.kafka.publishing.marks import Position

PART = slice(850, 900)


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


def provisional(flow: KafkaFlow) -> set[str]:
    """The concerns that local models alone have decided."""
    records = [read_record("enriched", value or b"") for value in flow.values("enriched")]
    items = [record for record in records if isinstance(record, EnrichedItem)]
    return {c.concern_id for item in items for c in item.concerns if c.decision.provisional}


def answered(flow: KafkaFlow) -> list[Answer]:
    """The answers in the journal."""
    place = (flow.naming.journal, 0)
    end = held(flow.cluster.admin(), [place])[place].end
    records = [read_journal(0, 0, m.value() or b"") for m in between(flow.cluster, *place, 0, end)]
    return [record for record in records if isinstance(record, Answer)]


def test_killed_and_started_again_every_concern_is_asked_and_answered(
    flow: KafkaFlow, server: Server
) -> None:
    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    env = flow.environment({**KEYWORDS, **own, "UNDERCURRENT_LLM_SURE": "1"})
    flow.run_to_end(["intake", "extract"])
    first = subprocess.Popen(argv(flow), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not server.asked:
        assert first.poll() is None, first.communicate()[0].decode()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    ended = subprocess.run(argv(flow, "--until-end"), env=env, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    answers = answered(flow)
    assert {answer.concern_id for answer in answers} == provisional(flow)
    assert len({(answer.concern_id, answer.answer.ciphertext) for answer in answers}) == len(
        provisional(flow)
    )


def test_a_second_one_is_refused_and_a_lost_memory_asks_nothing_that_was_answered(
    flow: KafkaFlow, server: Server
) -> None:
    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    env = flow.environment({**KEYWORDS, **own, "UNDERCURRENT_LLM_SURE": "1"})
    flow.run_to_end(["intake", "extract"])
    with subprocess.Popen(argv(flow), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as first:
        while len(answered(flow)) < len(provisional(flow)):
            assert first.poll() is None
        before = len(server.asked)
        second = subprocess.run(argv(flow, "--until-end"), env=env, capture_output=True, check=False)
        told = f"{flow.data}/labeller/g1: in use by the group of process {first.pid}"
        assert (second.returncode, told in second.stderr.decode()) == (4, True), second.stderr.decode()
        first.kill()
    flow.run_to_end(["intake", "extract"])
    for part in (flow.data / "labelling").glob("g1.*"):
        part.unlink()
    third = subprocess.run(argv(flow, "--until-end"), env=env, capture_output=True, check=False)
    assert (third.returncode, len(server.asked)) == (0, before), third.stderr.decode()


@pytest.mark.slow
def test_while_another_generation_is_active_it_waits_and_goes_on_after_the_rollback(
    flow: KafkaFlow, server: Server
) -> None:
    def active(generation: str, since: int) -> None:
        Book(flow.cluster, flow.naming.prefix).tell_now({("themes", 0): Position(generation, 0, since)})

    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    env = flow.environment({**KEYWORDS, **own, "UNDERCURRENT_LLM_SURE": "1"})
    flow.run_to_end(["intake", "extract"])
    themes = [flow.naming.public("themes"), replace(flow.naming, generation="g2").topic("themes")]
    make_topics(flow.cluster, themes, flow.partitions)
    active("g1", 0)
    active("g2", 7)
    refused = subprocess.run(argv(flow, "--until-end"), env=env, capture_output=True, check=False)
    assert (refused.returncode, b"cut over to it first" in refused.stderr) == (4, True), refused.stderr
    with subprocess.Popen(argv(flow), env=env, stderr=subprocess.PIPE) as waits:
        assert waits.stderr is not None
        assert b"generation g1 is not the active one (g2)" in waits.stderr.readline()
        assert server.asked == []
        active("g1", 9)
        assert waits.stderr.readline().startswith(b"notice: no more: generation g1 is not")
        while len(answered(flow)) < len(provisional(flow)):
            assert waits.poll() is None
        active("g2", 11)
        assert b"nothing is asked until it is" in waits.stderr.readline()
        waits.terminate()
    assert waits.returncode == 0


def test_the_next_generation_takes_its_answers_from_a_table_and_the_journal_gets_none(
    flow: KafkaFlow, server: Server
) -> None:
    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    env = flow.environment({**KEYWORDS, **own, "UNDERCURRENT_LLM_SURE": "1"})
    flow.run_to_end(["intake", "extract"])
    table = flow.data.parent / "answers.sqlite3"
    filling = argv(flow, "--answers", str(table), "--rate", "100000")
    ended = subprocess.run(filling, env=env, capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    where = ["--data", str(flow.data), "--partitions", str(flow.partitions), "--prefix", flow.naming.prefix]
    told = ["replay", "--generation", "g2", "--from", "redacted", "--answers", str(table), "--until-end"]
    again = [sys.executable, "-m", "cli", *told, *where]
    ended = subprocess.run(again, env=env, capture_output=True, timeout=150, check=False)
    assert ended.returncode == 0, ended.stdout.decode()
    second = replace(flow, naming=replace(flow.naming, generation="g2"))
    assert (answered(flow), decided_by(flow), decided_by(second)) == ([], {None}, {"llama"})


def decided_by(flow: KafkaFlow) -> set[str | None]:
    """The models that decided the concerns, as they were told last."""
    records = [read_record("enriched", value or b"") for value in flow.values("enriched")]
    items = [record for record in records if isinstance(record, EnrichedItem)]
    last = {c.concern_id: item.provenance.model for item in items for c in item.concerns}
    return set(last.values())
