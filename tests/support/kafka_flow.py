"""The product's flow on a real Kafka: a journal to read, stages as processes, topics to compare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.jsonl.log import read_log
from connectors.kafka.cluster import Cluster
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.messages import header, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held
from tests.support.broker import make_topics
from tests.support.product import KEYWORDS
from wiring.datadir import DataDir
from wiring.topics import STAGES, stage_producers

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class KafkaFlow:
    """One flow of a test: its names on the shared broker and its folder of keys and recovery stores."""

    cluster: Cluster
    naming: Naming
    data: Path
    partitions: int = 1

    def make(self) -> None:
        """Create the topics."""
        states = [self.naming.state(stage) for stage in STAGES]
        names = [self.naming.journal, *map(self.naming.topic, stage_producers()), *states]
        make_topics(self.cluster, names, self.partitions)

    def copy_journal(self, loaded: Path, partition: int = 0) -> int:
        """Append the journal of an embedded directory; its length."""
        lines = [line.data for line in read_log(DataDir(loaded).journal, 0)]
        with KafkaJournal(self.cluster, self.naming.journal, self.partitions, "test") as journal:
            journal.append(partition, lines)
        return len(lines)

    def argv(self, stage: str, *more: str) -> list[str]:
        """The command that runs a stage."""
        names = ["--prefix", self.naming.prefix, "--generation", self.naming.generation]
        where = ["--data", str(self.data), "--partitions", str(self.partitions)]
        return [sys.executable, "-m", "cli", "flow", stage, *where, *names, *more]

    def environment(self, extra: Mapping[str, str] = KEYWORDS) -> dict[str, str]:
        """The environment of a stage's process."""
        return (
            os.environ
            | dict(extra)
            | {"KAFKA_BOOTSTRAP_SERVERS": self.cluster.bootstrap, "PYTHONPATH": str(ROOT)}
        )

    def start(self, stage: str, *more: str, env: Mapping[str, str] = KEYWORDS) -> subprocess.Popen[bytes]:
        """Start a stage; it lives until it is ended, or until its input's end with ``--until-end``."""
        return subprocess.Popen(
            self.argv(stage, *more),
            env=self.environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run_to_end(self, stages: Iterable[str] = STAGES, *more: str) -> None:
        """Run stages one after the other, each to the end of its input."""
        for stage in stages:
            process = self.start(stage, "--until-end", *more)
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said.decode(errors="replace")

    def values(self, topic: str, partition: int = 0, stage: str | None = None) -> list[bytes | None]:
        """The values of a partition of a generation's topic; with ``stage`` those that it wrote."""
        name = self.naming.topic(topic)
        there = held(self.cluster.admin(), [(name, partition)])[name, partition]
        return [
            message.value()
            for message in between(self.cluster, name, partition, there.first, there.end)
            if stage is None or stage_of(headers_of(message)) == stage
        ]

    def ids(self, topic: str, partition: int = 0) -> list[str | None]:
        """The ids of a partition's messages."""
        name = self.naming.topic(topic)
        there = held(self.cluster.admin(), [(name, partition)])[name, partition]
        messages = between(self.cluster, name, partition, there.first, there.end)
        return [header(headers_of(message), "ce_id") for message in messages]
