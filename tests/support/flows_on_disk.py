"""The trivial flow on a data directory: run it, break it off, and read back what it left."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.jsonl.state import JsonlStateLog
from contracts.envelope import Envelope, Out
from contracts.errors import StopWorker
from contracts.pointer import Pointer
from flows.stages import Pipeline, Stage
from tests.support.counting import Count, Sum, counting_pipeline, write_journal
from tests.support.crash import topic_bytes
from wiring.datadir import DataDir
from wiring.engine import Ended, Running, run_pipeline
from wiring.reference import ReferenceRunner
from wiring.snapshots import RecoveryStore

PARTITIONS = 2
RECORDS = 400
EVERY_BATCH = Running(batch=16, epoch=timedelta(0))
"""An epoch ends with every batch."""


class CutShort(Count):
    """Stops the worker at its ``after``-th record, as often as it is asked to."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        if self.total + len(records) > self.after:
            raise StopWorker("the test cuts the run short here")
        return super().on_records(records)


def new_directory(root: Path) -> Path:
    """A directory with a journal and nothing else."""
    write_journal(root, PARTITIONS, RECORDS)
    return root


def run_all(root: Path, pipeline: Pipeline | None = None) -> Ended:
    """Run the trivial flow to the journal's end."""
    return run_pipeline(pipeline or counting_pipeline(PARTITIONS), root, EVERY_BATCH)


def run_some(root: Path, after: int = 200) -> None:
    """Run the trivial flow until it stops in the middle, with many epochs committed."""
    pipeline = counting_pipeline(PARTITIONS)
    short = Stage("count", "journal", lambda _partition: CutShort(after))
    with pytest.raises(StopWorker, match="cuts the run short"):
        run_pipeline(dataclasses.replace(pipeline, stages=(short, *pipeline.stages[1:])), root, EVERY_BATCH)


def reference(root: Path, partitions: int = PARTITIONS) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The topics and the state that an undisturbed run without an engine gives."""
    runner = ReferenceRunner(counting_pipeline(partitions), root / "logs" / "journal", root / "reference")
    runner.run()
    state = {
        f"{stage}/{partition}": _state(host.snapshot(), host._step)
        for (stage, partition), host in runner.hosts.items()
    }
    return topic_bytes(root / "reference"), state


def left_behind(root: Path, partitions: int = PARTITIONS) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The topics and the committed state of a run that ended."""
    directory = DataDir(root)
    snapshots = RecoveryStore(directory.recovery).committed("counting")
    state = {}
    for stage, step in (("count", Count), ("sum", Sum)):
        for partition in range(partitions):
            snapshot = snapshots[stage, f"p{partition:04d}"]
            log = JsonlStateLog(directory.state / stage, partition)
            fresh: Any = step()
            for table, key, value in log.load(Pointer.from_data(snapshot["pointer"])):
                fresh.tables[table].load(key, value)
            log.close()
            state[f"{stage}/{partition}"] = _state(snapshot, fresh)
    return topic_bytes(directory.logs), state


def _state(snapshot: dict[str, Any], step: Any) -> tuple[Any, ...]:
    tables = {name: {key: table[key] for key in table.keys()} for name, table in step.tables.items()}  # noqa: SIM118
    return snapshot["small"], snapshot["applied"], snapshot["emitted"], tables
