"""Journal → assignment: four stages as processes on Kafka against the one process of an embedded run.

In:    the same journal records, a round to each side in turn; all models and all stages on both sides.
Out:   the time from the first append to the last assignment: on Kafka by the broker's clock, embedded as soon as the
       line is in its file (before it is committed, which is to the embedded run's favour).
Both sides are started before, warmed by a small round, and frozen while it is the other's turn.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.kafka.common import Bench, Ground, Pairs
from bench.kafka.processes import READY_WITHIN_S, Processes, cpu_of
from bench.kafka.watching import Watch
from bench.kafka.workload import Round, make_rounds
from cli.processes import python_path
from cli.worker import PARTITIONS as EMBEDDED_PARTITIONS
from connectors.jsonl.layout import part_file
from connectors.jsonl.log import JsonlLog
from connectors.kafka.journal import KafkaJournal
from wiring.datadir import DataDir
from wiring.topics import STAGES

ITEMS = 800
WARM = 96
ROUND_WITHIN_S = 300.0


def measure(bench: Bench) -> dict[str, Any]:
    """Items a second of both sides and their ratio."""
    ground = bench.ground("stages")
    sizes = [WARM, *[bench.items(ITEMS)] * bench.pairs]
    rounds = make_rounds(ground.keys, sizes)
    embedded = ground.data / "embedded"
    shutil.copytree(ground.keys, embedded / "keys")
    ground.make()
    pairs, cpu = Pairs(), Pairs()
    with ExitStack() as running:
        alone = running.enter_context(Embedded.running(embedded))
        stages = running.enter_context(
            Processes(ground, dict.fromkeys(STAGES, 1), hot="extract" if bench.profile else None)
        )
        alone.time(rounds[0])
        alone.freeze()
        stages.await_ready()
        on_kafka(ground, rounds[0])
        for one in rounds[1:]:
            stages.freeze()
            alone.thaw()
            before = alone.cpu_s()
            theirs, their_cpu = alone.time(one), alone.cpu_s() - before
            alone.freeze()
            stages.thaw()
            before = _cpu_s(stages, bench.broker_pid)
            pairs.add(on_kafka(ground, one), theirs)
            cpu.add(_cpu_s(stages, bench.broker_pid) - before, their_cpu)
        alone.thaw()
    figures = {**pairs.figures(sizes[1]), "cpu_ratio": round(cpu.ratio, 3)}
    return {"items": sizes[1], "pairs": bench.pairs, **figures}


def _cpu_s(stages: Processes, broker: int | None) -> float:
    """CPU of all stages, and of the broker where it is ours."""
    return sum(sum(stages.cpu_s(stage)) for stage in STAGES) + (cpu_of(broker) if broker else 0.0)


def on_kafka(ground: Ground, one: Round, topic: str = "assignments") -> float:
    """Append a round at once; seconds until its last tick has come through."""
    cut = one.of(ground.partitions)
    first = {p: there.end for p, there in ground.held("journal").items()}
    last = {p: first[p] + len(lines) - 1 for p, lines in cut.items()}
    with (
        Watch(ground, topic) as watch,
        KafkaJournal(ground.cluster, ground.naming.journal, ground.partitions, "bench") as journal,
    ):
        watch.read(0.5)  # connects
        began = time.time()
        for partition, lines in cut.items():
            journal.append(partition, lines)
        return watch.until(last, ROUND_WITHIN_S) - began


class Embedded:
    """The worker of an embedded run in a process, following a journal that this one writes."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes], journal: JsonlLog) -> None:
        self._directory = directory
        self._process = process
        self._journal = journal
        self._written = part_file(DataDir(directory).logs / "assignments", 0)
        self._read = 0

    @classmethod
    @contextmanager
    def running(cls, directory: Path) -> Iterator[Embedded]:
        """A worker over a new directory with keys."""
        argv = [sys.executable, "-m", "cli", "worker", str(directory), "--follow"]
        env = os.environ | {"PYTHONPATH": python_path()}
        with (
            JsonlLog(DataDir(directory).journal, EMBEDDED_PARTITIONS) as journal,
            (directory / "worker.log").open("wb") as log,
        ):
            process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
            try:
                yield cls(directory, process, journal)
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(60)

    def freeze(self) -> None:
        """Stop it where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def cpu_s(self) -> float:
        """Seconds of CPU that it has used."""
        return cpu_of(self._process.pid)

    def time(self, one: Round) -> float:
        """Append a round at once; seconds until its last tick is in the file of assignments."""
        lines = [line for _place, line in one.lines]
        last = self._journal.count(0) + len(lines) - 1
        began = time.time()
        self._journal.append(0, lines)
        deadline = time.monotonic() + ROUND_WITHIN_S + READY_WITHIN_S
        while not self._has(b'"id":"0-%d"' % last):
            assert self._process.poll() is None, f"the worker ended, see {self._directory}/worker.log"
            if time.monotonic() > deadline:
                raise TimeoutError(f"embedded: record {last} did not come through")
            time.sleep(0.01)
        return time.time() - began

    def _has(self, wanted: bytes) -> bool:
        """Whether the bytes are in what was written since the last look."""
        if not self._written.exists():
            return False
        with self._written.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        cut = fresh.rfind(b"\n") + 1
        self._read += cut
        return wanted in fresh[:cut]
