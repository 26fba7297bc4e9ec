"""A trivial two-stage flow for tests of the engine, with the journal it reads.

``count`` numbers the records of each key (a table) and of the partition (small state); ``sum`` adds up what
``count`` handed on. Both write to a shared topic, and a line that is no record goes to the dead letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.jsonl.log import JsonlLog
from contracts.envelope import Envelope, Out
from flows.stages import Pipeline, Stage
from operators.state import Table

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Counted(Envelope):
    """A record of the trivial flow; ``value`` -1 marks a line that could not be read."""

    key: str
    value: int
    seen: int = 0


def decode(partition: int, ordinal: int, line: bytes) -> Envelope:
    """``key value`` as a record; anything else as a poisoned one."""
    key, _space, value = line.partition(b" ")
    known = value.isdigit() and key.isalnum()
    return Counted(
        id=f"{partition}-{ordinal}",
        kind="feedback" if known else "signal",
        tenant="t",
        event_time=AT,
        ingested_at=AT,
        key=key.decode("ascii") if known else "poison",
        value=int(value) if known else -1,
    )


class Count:
    """How often each key was seen, and how many records there were."""

    def __init__(self) -> None:
        self.seen: Table[int] = Table()
        self.tables: Mapping[str, Table[Any]] = {"seen": self.seen}
        self.total = 0

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        outs: list[Out] = []
        for record in records:
            assert isinstance(record, Counted)
            self.total += 1
            if record.value < 0:
                outs.append(Out("dead-letters", _next(record, "count", 0, self.total)))
                continue
            times = (self.seen.get(record.key) or 0) + 1
            self.seen.put(record.key, times)
            if times % 40 == 0:
                self.seen.drop(record.key)
                outs.append(Out("shared", _next(record, "count", 1, self.total)))
            outs.append(Out("counted", _next(record, "count", 2, times)))
        return outs

    def snapshot(self) -> dict[str, Any]:
        return {"total": self.total}

    def restore(self, small: Mapping[str, Any]) -> None:
        self.total = small["total"]


class Sum:
    """The sum of the values of each key."""

    def __init__(self) -> None:
        self.sums: Table[int] = Table()
        self.tables: Mapping[str, Table[Any]] = {"sums": self.sums}

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        outs: list[Out] = []
        for record in records:
            assert isinstance(record, Counted)
            total = (self.sums.get(record.key) or 0) + record.value * record.seen
            self.sums.put(record.key, total)
            outs.append(Out("sums", _next(record, "sum", 0, total)))
            if total % 7 == 0:
                outs.append(Out("shared", _next(record, "sum", 1, total)))
        return outs

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, small: Mapping[str, Any]) -> None:
        assert small == {}


def _next(record: Counted, stage: str, n: int, seen: int) -> Counted:
    cause = "-".join(record.id.split("-")[:2])
    return record.model_copy(update={"id": f"{cause}-{stage}-{n}", "seen": seen})


def counting_pipeline(partitions: int = 3, name: str = "counting") -> Pipeline:
    """The trivial flow; ``shared`` has a lane for each of its two stages."""
    return Pipeline(
        name=name,
        stages=(
            Stage("count", "journal", lambda _partition: Count()),
            Stage("sum", "counted", lambda _partition: Sum()),
        ),
        producers={
            "counted": ["count"],
            "dead-letters": ["count"],
            "shared": ["count", "sum"],
            "sums": ["sum"],
        },
        partitions=partitions,
        decode=decode,
    )


def write_journal(root: Path, partitions: int, records: int, poison_every: int = 97) -> None:
    """``records`` lines in each partition of the journal under ``root``."""
    with JsonlLog(root / "logs" / "journal", partitions) as log:
        for partition in range(partitions):
            log.append(partition, [_line(partition, n, poison_every) for n in range(records)])


def _line(partition: int, n: int, poison_every: int) -> bytes:
    if n % poison_every == poison_every - 1:
        return b"\xff not a record"
    return b"k%d %d" % ((n * 7 + partition) % 13, n % 10)
