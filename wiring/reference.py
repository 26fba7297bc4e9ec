"""Run a pipeline without an engine: one thread, in order, the same steps and the same bytes.

It never snapshots and never restarts. It is what the engine's output is held against, and the
shortest account of what a flow means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.layout import publish
from connectors.jsonl.log import read_log
from contracts.registry import write_record
from flows.stages import Pipeline
from operators.hosting import Emitted, Handed, StepHost
from operators.statelog import MemoryStateLog


class ReferenceRunner:
    """Runs ``pipeline`` over the journal in ``journal``; topics go to ``logs/<topic>/p0000.jsonl``."""

    def __init__(self, pipeline: Pipeline, journal: Path, logs: Path, *, batch: int = 64) -> None:
        self._pipeline = pipeline
        self._journal = journal
        self._logs = logs
        self._batch = batch
        self._lanes = Lanes(pipeline.producers, pipeline.partitions)
        self.hosts: dict[tuple[str, int], StepHost] = {}

    def run(self) -> None:
        """From the journal's first record to its last, partition by partition; the outputs start empty."""
        with ExitStack() as closing:
            files: dict[str, BinaryIO] = {}
            for lane in self._lanes.names:
                path = self._lanes.file(self._logs, lane)
                path.parent.mkdir(parents=True, exist_ok=True)
                files[lane] = closing.enter_context(path.open("wb"))
            for partition in range(self._pipeline.partitions):
                self._run_partition(partition, files)
        for lane in self._lanes.names:
            path = self._lanes.file(self._logs, lane)
            publish(path, path.stat().st_size)

    def _run_partition(self, partition: int, files: dict[str, BinaryIO]) -> None:
        hosts = [self._host(stage.name, partition) for stage in self._pipeline.stages]
        for batch in self._batches(partition):
            handed = batch
            for number, host in enumerate(hosts):
                emitted = host.on_batch(handed)
                self._write(emitted, files)
                handed = self._handed_on(number, emitted)

    def _host(self, name: str, partition: int) -> StepHost:
        stage = next(stage for stage in self._pipeline.stages if stage.name == name)
        host = StepHost(name, partition, stage.make(partition), MemoryStateLog())
        host.restore(None)
        self.hosts[name, partition] = host
        return host

    def _batches(self, partition: int) -> Iterator[list[Handed]]:
        decode = self._pipeline.decode
        records = (
            Handed(partition, ordinal, decode(partition, ordinal, line.data))
            for ordinal, line in enumerate(read_log(self._journal, partition))
        )
        while batch := list(islice(records, self._batch)):
            yield batch

    def _handed_on(self, number: int, emitted: Sequence[Emitted]) -> list[Handed]:
        if number + 1 == len(self._pipeline.stages):
            return []
        topic = self._pipeline.stages[number + 1].input_topic
        return [Handed(e.partition, e.position, e.out.record) for e in emitted if e.out.topic == topic]

    def _write(self, emitted: Sequence[Emitted], files: dict[str, BinaryIO]) -> None:
        for partition, stage, _position, out in emitted:
            files[self._lanes.lane(out.topic, stage, partition)].write(write_record(out.record) + b"\n")
