"""How a log is polled for Bytewax, whatever the log is kept in.

Out:   ``(key, JournalLine)`` with the partition's name as key.
State: offset and ordinal of the next line, per partition.
Elsewhere: how lines are read (``jsonl.source``, ``kafka.source``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bytewax.inputs import StatefulSourcePartition


class JournalLine(NamedTuple):
    """One line of the journal and its coordinates."""

    partition: int
    ordinal: int
    data: bytes


Position = tuple[int, int]
"""Offset and ordinal of the next line, as the log counts them."""


OnLines = Callable[[Sequence[JournalLine]], None]
"""To be told of lines that were read, before any step has them."""


def _never() -> bool:
    return False


def _nothing() -> None:
    return None


def _nothing_of(_partition: int, _offset: int) -> None:
    return None


def nothing_of_lines(_lines: Sequence[JournalLine]) -> None:
    """For who need not be told of lines."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a journal is read.

    ``batch``: lines handed on at once. ``follow``: wait for more at the end, looking every ``poll``.
    ``draining`` says that the flow shall end as if the journal ended here. ``on_poll`` is called
    before every read, at which time all earlier epochs are committed: Bytewax keeps one in flight.
    ``on_snapshot`` is told partition and offset of every snapshot; what it knows is not yet committed.
    ``on_lines`` is told what was read, before any step has it.
    """

    batch: int = 64
    follow: bool = False
    poll: timedelta = timedelta(milliseconds=50)
    draining: Callable[[], bool] = _never
    on_poll: Callable[[], None] = _nothing
    on_snapshot: Callable[[int, int], None] = _nothing_of
    on_lines: OnLines = nothing_of_lines


class PolledPartition(StatefulSourcePartition[tuple[str, JournalLine], Position]):
    """One partition of a log; ``_read`` moves ``_offset`` and ``_ordinal`` on."""

    def __init__(self, partition: int, position: Position, reading: Reading) -> None:
        self._partition = partition
        self._offset, self._ordinal = position
        self._reading = reading
        self._awake: datetime | None = None

    @abstractmethod
    def _read(self) -> list[tuple[str, JournalLine]]:
        """The next lines that there are, without waiting."""

    @abstractmethod
    def _is_over(self) -> bool:
        """Whether nothing is to come, when nothing was read."""

    def next_batch(self) -> list[tuple[str, JournalLine]]:
        """What is there. Raises ``StopIteration`` at the end, or when the flow is to drain."""
        self._reading.on_poll()
        if self._reading.draining():
            raise StopIteration
        batch = self._read()
        if not batch and self._is_over():
            raise StopIteration
        self._reading.on_lines([line for _key, line in batch])
        self._awake = None if batch else datetime.now(UTC) + self._reading.poll
        return batch

    def next_awake(self) -> datetime | None:
        """When to look again after there was nothing."""
        return self._awake

    def snapshot(self) -> Position:
        """The next line."""
        self._reading.on_snapshot(self._partition, self._offset)
        return self._offset, self._ordinal
