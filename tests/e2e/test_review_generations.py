"""Who reviews sees the questions about items whichever generation shows the themes, and the answers act there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest

from contracts.envelope import Envelope
from contracts.registry import read_record
from contracts.stages import Assignment, EnrichedItem, RedactedItem
from tests.support.broker import fresh_naming
from tests.support.kafka_flow import KafkaFlow
from tests.support.product import KEYWORDS, load_sample
from wiring.kafka.broker import Broker

Record = TypeVar("Record", bound=Envelope)

OF_ITEMS = ("concern", "category", "quarantined")
PART = slice(850, 900)
ENV = {**KEYWORDS, "UNDERCURRENT_REVIEW_BELOW": "0.96"}  # many of them are asked about


@dataclass(frozen=True)
class Desk:
    """A flow with two generations, of which ``g2`` began in the middle of what ``g1`` had redacted."""

    flow: KafkaFlow

    def command(self, *more: str) -> str:
        where = ["--data", str(self.flow.data), "--prefix", self.flow.naming.prefix, "--partitions", "1"]
        argv = [sys.executable, "-m", "cli", *more, *where]
        told = subprocess.run(
            argv, env=self.flow.environment(ENV), capture_output=True, text=True, timeout=150, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    def run(self, *stages: str) -> None:
        """Stages of g1, each to the end of its input."""
        for stage in stages:
            code, said = self.flow.run(stage, "--until-end", env=ENV)
            assert code == 0, said

    def asked(self, generation: str) -> dict[str, dict[str, Any]]:
        """What is asked about items, by id."""
        rows = json.loads(self.command("review", "ls", "--all", "--json", "--generation", generation))
        return {row["id"]: row for row in rows if row["kind"] in OF_ITEMS}

    def replay(self, generation: str, *since: str) -> None:
        self.command("replay", "--generation", generation, "--until-end", *since)

    def read(self, generation: str, topic: str, kind: type[Record]) -> list[Record]:
        """The records of this kind in a topic of a generation."""
        naming = replace(self.flow.naming, generation=generation)
        values = replace(self.flow, naming=naming).values(topic)
        records = [read_record(topic, value or b"") for value in values]
        return [record for record in records if isinstance(record, kind)]


@pytest.fixture(scope="module")
def desk(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = tmp_path_factory.mktemp("review")
    load_sample(root / "loaded", PART)
    flow = KafkaFlow(broker.cluster, fresh_naming(), root / "data")
    shutil.copytree(root / "loaded" / "keys", flow.data / "keys")
    flow.make()
    flow.copy_journal(root / "loaded")
    made = Desk(flow)
    made.run("intake", "extract")
    return made


@pytest.fixture(scope="module")
def middle(desk: Desk) -> tuple[str, ...]:
    """Where ``g2`` begins: in the middle of the items that were redacted."""
    records = [read_record("redacted", value or b"") for value in desk.flow.values("redacted")]
    items = [offset for offset, record in enumerate(records) if isinstance(record, RedactedItem)]
    return "--from", "redacted", "--offset", f"0={items[len(items) // 2]}"


@pytest.fixture(scope="module")
def carried(desk: Desk, middle: tuple[str, ...]) -> set[str]:
    """The concerns in review that ``g2`` never met, once it has run to its end."""
    desk.replay("g2", *middle)
    met = {
        concern.concern_id for item in desk.read("g2", "enriched", EnrichedItem) for concern in item.concerns
    }
    return {name for name, row in desk.asked("g1").items() if row["kind"] == "concern"} - met


def test_what_was_asked_before_a_generation_began_is_asked_in_it_too(desk: Desk, carried: set[str]) -> None:
    questions = desk.asked("g1")
    assert carried
    assert desk.asked("g2") == questions
    assert carried < questions.keys()


def test_a_replay_of_what_is_enriched_has_the_questions_of_the_generation_that_it_reads(
    desk: Desk, carried: set[str]
) -> None:
    desk.replay("g3", "--from", "enriched")
    questions = desk.asked("g3")
    assert questions == desk.asked("g1")
    name = min(carried)
    desk.command("review", "confirm", name, "--author", "ann", "--generation", "g3")
    desk.run("intake", "extract")
    desk.replay("g3", "--from", "enriched")
    assert [one.change for one in desk.read("g3", "assignments", Assignment) if one.concern_id == name]
    left = questions.keys() - {name}
    assert [desk.asked(generation).keys() for generation in ("g1", "g2", "g3")] == [left] * 3
