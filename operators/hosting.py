"""Run one step of one journal partition under any engine: positions, snapshots and restores.

In:    records with their position in the stream they come from, contiguous from 0.
Out:   what the step hands on, each with its position in the output stream of its topic.
State: the step's own; its bulk in a state log, the rest and a pointer into that log in the snapshot.
Elsewhere: when to snapshot and where to keep it (``operators.stateful``, ``wiring.reference``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contracts.envelope import Envelope, Out
from contracts.errors import PipelineError, StateCorrupt, StopWorker
from contracts.pointer import Pointer
from operators.statelog import StateLog
from operators.step import Step, bulk_of

SNAPSHOT_VERSION = 8


class Handed(NamedTuple):
    """A record on its way into a step: journal partition, position in its stream, record."""

    partition: int
    position: int
    record: Envelope


class Emitted(NamedTuple):
    """A record on its way out: partition, stage, position among the stage's records of that topic."""

    partition: int
    stage: str
    position: int
    out: Out


class StepHost:
    """One step with its state log and its place in the stream.

    ``applied`` is the position of the next record: what lies before it is skipped (and counted in
    ``skipped``), because the step has seen it; a gap raises ``StateCorrupt``. With ``anywhere`` a step without
    state takes whichever record comes first as its first: a replay that begins in the middle of a stream.
    """

    def __init__(
        self, stage: str, partition: int, step: Step, log: StateLog, *, anywhere: bool = False
    ) -> None:
        self.stage = stage
        self.partition = partition
        self.applied = 0
        self._anywhere = anywhere
        self.skipped = 0
        self._emitted: dict[str, int] = {}
        self._step = step
        self._log = log
        self._bulk = bulk_of(step)

    def restore(self, snapshot: Mapping[str, Any] | None) -> None:
        """Take up a snapshot, or start empty when nothing was ever committed. Once, before any record."""
        if snapshot is None:
            for _change in self._log.load(None):
                raise StateCorrupt(f"{self._place()}: a state log that should be empty is not")
            return
        if snapshot["v"] != SNAPSHOT_VERSION:
            raise StateCorrupt(
                f"{self._place()}: its snapshot has version {snapshot['v']}, this program reads "
                f"{SNAPSHOT_VERSION}; rebuild the state from the journal"
            )
        try:
            for table, key, value in self._log.load(Pointer.from_data(snapshot["pointer"])):
                self._bulk.load(table, key, value)
            self._bulk.finish_load()
            self._step.restore(json.loads(snapshot["small"]))
        except (KeyError, IndexError, TypeError, ValueError) as exc:
            raise StateCorrupt(
                f"{self._place()}: its state has a form that this program does not read ({type(exc).__name__}); "
                "rebuild the state from the journal"
            ) from exc
        self.applied = snapshot["applied"]
        self._anywhere = False
        self._emitted = dict(snapshot["emitted"])

    def on_batch(self, batch: Sequence[Handed]) -> list[Emitted]:
        """Pass the records not yet seen to the step; what it hands on."""
        fresh = self._unseen(batch)
        if not fresh:
            return []
        try:
            outs = self._step.on_records(fresh)
        except PipelineError:
            raise
        except Exception as exc:  # a step's bug must name its place, and going on would corrupt its state
            first, last = fresh[0].id, fresh[-1].id
            raise StopWorker(f"{self._place()}: {type(exc).__name__} in records {first} … {last}") from exc
        return [self._numbered(out) for out in outs]

    def snapshot(self) -> dict[str, Any]:
        """Make the bulk state durable; plain data that shares nothing with the living step."""
        return {
            "v": SNAPSHOT_VERSION,
            "stage": self.stage,
            "partition": self.partition,
            "pointer": self._log.append(self._bulk.drain()).as_data(),
            "small": json.dumps(self._step.snapshot(), allow_nan=False, sort_keys=True),
            "applied": self.applied,
            "emitted": dict(self._emitted),
        }

    def close(self) -> None:
        """Let go of the state log."""
        self._log.close()

    def _unseen(self, batch: Sequence[Handed]) -> list[Envelope]:
        fresh = []
        if self._anywhere and batch:
            self.applied, self._anywhere = batch[0].position, False
        for _partition, position, record in batch:
            if position == self.applied:
                fresh.append(record)
                self.applied += 1
            elif position < self.applied:
                self.skipped += 1
            else:
                raise StateCorrupt(
                    f"{self._place()}: expected record {self.applied} of its input, got {position}; "
                    "rebuild the state from the journal"
                )
        return fresh

    def _numbered(self, out: Out) -> Emitted:
        position = self._emitted.get(out.topic, 0)
        self._emitted[out.topic] = position + 1
        return Emitted(self.partition, self.stage, position, out)

    def _place(self) -> str:
        return f"stage {self.stage}, partition {self.partition}"
