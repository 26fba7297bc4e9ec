"""The product's flow on a real Kafka: a journal to read, stages as processes, topics to compare."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.jsonl.log import read_log
from connectors.kafka.cluster import Cluster
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.messages import header, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held
from tests.support.broker import make_topics
from tests.support.product import KEYWORDS
from wiring.datadir import DataDir
from wiring.health import read_beat
from wiring.kafka.home import StageHome
from wiring.kafka.positions import position_group
from wiring.topics import INPUTS, STAGES, stage_producers

ROOT = Path(__file__).parent.parent.parent

# From SIGTERM to the end of a stage: its grace time under an orchestrator is 60 s, under `up` 30 s.
GRACE_S = 30.0


@dataclass(frozen=True)
class KafkaFlow:
    """One flow of a test: its names on the shared broker and its folder of keys and recovery stores."""

    cluster: Cluster
    naming: Naming
    data: Path
    partitions: int = 1

    def make(self) -> None:
        """Create the topics."""
        make_topics(self.cluster, self.topics, self.partitions)

    @property
    def topics(self) -> list[str]:
        """The full names of all its topics."""
        states = [self.naming.state(stage) for stage in STAGES]
        return [self.naming.journal, *map(self.naming.topic, stage_producers()), *states]

    def copy_journal(self, loaded: Path, partition: int = 0) -> int:
        """Append the journal of an embedded directory; its length."""
        lines = [line.data for line in read_log(DataDir(loaded).journal, 0)]
        self.append({partition: lines})
        return len(lines)

    def append(self, lines: Mapping[int, list[bytes]]) -> None:
        """Append records to the journal's partitions."""
        with KafkaJournal(self.cluster, self.naming.journal, self.partitions, "test") as journal:
            for partition, those in lines.items():
                journal.append(partition, those)

    def take_keys(self, keys: Path) -> None:
        """Use a copy of a key store."""
        shutil.copytree(keys, self.data / "keys")

    def home(self, stage: str) -> StageHome:
        """The directory of a stage."""
        return StageHome(self.data / self.naming.generation / stage)

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

    def run(
        self, stage: str, *more: str, env: Mapping[str, str] = KEYWORDS, within_s: float = 60.0
    ) -> tuple[int, str]:
        """Run a stage until it ends by itself: its exit code and what it said."""
        process = self.start(stage, *more, env=env)
        try:
            said, _ = process.communicate(timeout=within_s)
        finally:
            process.kill()
        return process.returncode, said.decode(errors="replace")

    def run_to_end(self, stages: Iterable[str] = STAGES, *more: str) -> None:
        """Run stages one after the other, each to the end of its input."""
        for stage in stages:
            code, said = self.run(stage, "--until-end", *more, within_s=120)
            assert code == 0, said

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

    def positions(self, stage: str) -> dict[int, int]:
        """How far a stage says that it has read, by partition; what it has not told yet is 0."""
        topic = self.naming.topic(INPUTS[stage])
        places = [TopicPartition(topic, p) for p in range(self.partitions)]
        # A consumer asks: an admin client whose coordinator just moved ends the process (see wiring.kafka.lag).
        if stage not in self._asking:
            quiet = Cluster(self.cluster.bootstrap, {**self.cluster.properties, "log_level": "0"})
            self._asking[stage] = quiet.consumer(group_id=position_group(self.naming, stage))
        told = self._asking[stage].committed(places, timeout=5.0)
        return {place.partition: max(place.offset, 0) for place in told}

    def ends(self, stage: str) -> dict[int, int]:
        """Where the input of a stage ends, by partition."""
        topic = self.naming.topic(INPUTS[stage])
        there = held(self._admin, [(topic, p) for p in range(self.partitions)])
        return {p: offsets.end for (_topic, p), offsets in there.items()}

    def has_caught_up(self, stage: str) -> bool:
        """A stage says that it has read all of its input; no while the broker does not answer."""
        try:
            return self.positions(stage) == self.ends(stage)
        except KafkaException:
            return False

    @cached_property
    def _asking(self) -> dict[str, Consumer]:
        """The clients that ask for a stage's positions."""
        return {}

    @cached_property
    def _admin(self) -> AdminClient:
        """Quiet about a broker that is away: that is what these tests are about."""
        return Cluster(self.cluster.bootstrap, {**self.cluster.properties, "log_level": "0"}).admin()


class RunningStage:
    """A stage that is running, as one process or as a group; what it says goes to a file beside its state."""

    def __init__(
        self,
        flow: KafkaFlow,
        stage: str,
        workers: int = 1,
        *,
        env: Mapping[str, str] = KEYWORDS,
        preexec: Callable[[], None] | None = None,
    ) -> None:
        self.flow: Final = flow
        self.stage: Final = stage
        self.workers: Final = workers
        self.log: Final = flow.data / f"{stage}.log"
        flow.data.mkdir(parents=True, exist_ok=True)
        self._began = self.log.stat().st_size if self.log.exists() else 0
        for beat in flow.home(stage).root.glob("health-*.json"):
            beat.unlink()
        more = ("--workers", str(workers)) if workers > 1 else ()
        file: IO[bytes]
        with self.log.open("ab") as file:
            self.process: Final = subprocess.Popen(
                flow.argv(stage, *more),
                env=flow.environment(env),
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=preexec,
            )

    @property
    def said(self) -> str:
        """What it said since it was started."""
        return self.log.read_bytes()[self._began :].decode(errors="replace")

    @property
    def code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self.process.poll()

    def members(self) -> dict[int, int]:
        """The processes that do the work and have begun to: number → process id."""
        files = self.flow.home(self.stage).root.glob("health-*.json")
        beats = {int(file.stem.partition("-")[2]): read_beat(file) for file in files}
        return {number: beat.pid for number, beat in beats.items() if beat and self._is_ours(beat.pid)}

    def await_ready(self, within_s: float = 120.0) -> RunningStage:
        """Wait until every process of it reads."""
        self._await(lambda: len(self.members()) == self.workers, within_s, "does not read")
        return self

    def await_caught_up(self, within_s: float = 120.0) -> RunningStage:
        """Wait until it has read all of its input."""
        self._await(lambda: self.flow.has_caught_up(self.stage), within_s, "does not catch up")
        return self

    def await_progress(self, behind: int = 0, within_s: float = 120.0) -> int:
        """Wait until it has told more than ``behind`` records as read, all partitions together; how many."""
        told = [behind]

        def has_moved() -> bool:
            with suppress(KafkaException):
                told[0] = sum(self.flow.positions(self.stage).values())
            return told[0] > behind

        self._await(has_moved, within_s, "does not go on")
        return told[0]

    def await_end(self, within_s: float = GRACE_S) -> int:
        """Wait until it ends by itself; its exit code."""
        return self.process.wait(within_s)

    def drain(self, within_s: float = GRACE_S) -> None:
        """SIGTERM once it reads; it must end in order within its grace time."""
        members = self.await_ready().members().values()
        self.process.terminate()
        code = self.process.wait(within_s)
        assert code == 0, f"{self.stage} ended with {code}:\n{self.said[-3000:]}"
        assert not any(map(lives, members)), f"{self.stage} left a process behind"

    def kill(self) -> None:
        """SIGKILL to all of it, and wait until no process of it is left."""
        members = self.members().values()
        self.process.kill()
        self.process.wait()
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(map(lives, members)) and time.monotonic() < deadline:
            time.sleep(0.01)

    def pause(self) -> None:
        """SIGSTOP to every process of it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT to every process of it."""
        self._signal(signal.SIGCONT)

    def _is_ours(self, pid: int) -> bool:
        """Still the process that wrote its number there, and no other one that was given it since."""
        try:
            return str(self.flow.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def _signal(self, number: signal.Signals) -> None:
        for pid in {self.process.pid, *self.members().values()}:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _await(self, is_so: Callable[[], bool], within_s: float, not_so: str) -> None:
        deadline = time.monotonic() + within_s
        while not is_so():
            assert self.code is None, f"{self.stage} ended with {self.code}:\n{self.said[-3000:]}"
            assert time.monotonic() < deadline, f"{self.stage} {not_so}:\n{self.said[-3000:]}"
            time.sleep(0.05)


def lives(pid: int) -> bool:
    """Whether a process is there; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
