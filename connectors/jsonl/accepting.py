"""Append to logs in files from many requests at once; ``append`` returns when the disk has the records.

A log has one writer: it is held only while there is something to write, and never for long, so that other commands, and
others who accept, get their turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from connectors.grouping import Grouped
from connectors.jsonl.log import JsonlLog, Tail
from contracts.errors import PipelineError, RetryLater, StopWorker

IDLE_S = 1.0
"""How long a log is held with nothing to write; opening one again reads what others wrote meanwhile."""

HELD_S = 0.5
"""How long a log is held while there is always something to write."""

REST_S = 0.05
"""How long it is then left to others; above the time between two tries of who waits."""

WAIT_S = 2.0
"""How long another writer is waited for: longer than ``HELD_S``, and what a program that sends will bear."""

RETRY_AFTER_S = 1.0


class _Put(NamedTuple):
    topic: str
    partition: int
    lines: Sequence[bytes]


def _nothing() -> None:
    return None


class JsonlAccepting:
    """``folders`` are the logs' folders by short topic name (``journal``, ``bulk``). For one event loop.

    ``may_write`` is asked before a log is opened, and raises where something else has to be finished first.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        partitions: int,
        *,
        may_write: Callable[[], None] = _nothing,
        idle_s: float = IDLE_S,
    ) -> None:
        self._folders = dict(folders)
        self._partitions = partitions
        self._may_write = may_write
        self._idle_s = idle_s
        self._open: dict[str, JsonlLog] = {}
        self._known: dict[str, list[Tail]] = {}
        self._held_since = self._rest_until = time.monotonic()
        self._work: Grouped[_Put | None, None] = Grouped("jsonl-accepting", self._write)
        self._idle: asyncio.TimerHandle | None = None
        self._letting_go: asyncio.Task[None] | None = None
        self.trouble: str | None = None
        """Why the last append failed; None when it did not."""

    async def append(self, topic: str, partition: int, lines: Sequence[bytes]) -> None:
        """Make records durable, in order. Raises ``RetryLater`` while another process writes or the disk is full."""
        if not lines:
            return
        try:
            await self._work(_Put(topic, partition, lines))
        except RetryLater as exc:
            self.trouble = str(exc)
            raise
        finally:
            self._let_go_later()
        self.trouble = None

    def close(self) -> None:
        """Let go of the logs."""
        if self._idle is not None:
            self._idle.cancel()
        self._work.close()
        self._close_all()

    def __enter__(self) -> JsonlAccepting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _let_go_later(self) -> None:
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        self._idle = loop.call_later(self._idle_s, self._let_go, loop)

    def _let_go(self, loop: asyncio.AbstractEventLoop) -> None:
        self._letting_go = loop.create_task(self._work(None))

    def _write(self, group: Sequence[_Put | None]) -> list[Exception | None]:
        """Write what belongs to one partition together; in the writer's thread."""
        places: dict[tuple[str, int], list[int]] = {}
        for number, put in enumerate(group):
            if put is not None:
                places.setdefault((put.topic, put.partition), []).append(number)
        answers: list[Exception | None] = [None] * len(group)
        for (topic, partition), numbers in places.items():
            lines = [line for n in numbers for line in (group[n] or _Put("", 0, ())).lines]
            failed = self._append(topic, partition, lines)
            for n in numbers:
                answers[n] = failed
        if not places:
            self._close_all()
        elif self._open and time.monotonic() - self._held_since >= HELD_S:
            self._close_all()
            self._rest_until = time.monotonic() + REST_S
        return answers

    def _append(self, topic: str, partition: int, lines: Sequence[bytes]) -> Exception | None:
        try:
            if topic not in self._open:
                self._may_write()
                self._open[topic] = self._opened(topic)
            self._open[topic].append(partition, lines)
        except StopWorker as exc:
            # Held by another process, or a full disk: both pass, and nothing was written.
            return RetryLater(str(exc), retry_after_s=RETRY_AFTER_S)
        except PipelineError as exc:
            return exc
        return None

    def _opened(self, topic: str) -> JsonlLog:
        time.sleep(max(0.0, self._rest_until - time.monotonic()))
        log = JsonlLog(
            self._folders[topic], self._partitions, wait_s=WAIT_S, known=self._known.get(topic, ())
        )
        self._held_since = time.monotonic()
        return log

    def _close_all(self) -> None:
        for topic, log in self._open.items():
            self._known[topic] = log.tails
            log.close()
        self._open.clear()
