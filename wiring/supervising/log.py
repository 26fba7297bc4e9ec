"""One log of many processes: every line with its stage and process in front, none lost, nobody blocked for ever.

In:    lines of the processes, and the supervisor's own.     Out: one stream, text or a JSON object a line.
State: the last lines of each process, for the message about one that is given up.

A thread writes. When who reads the stream is slow, processes wait for it like before any pipe; the supervisor's own
lines never wait, so it stays in command. When the stream is closed, lines are dropped and the processes run on.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, TextIO

import orjson

SUPERVISOR = "supervisor"

COMPLAINT = "undercurrent: "
"""How a process of ours begins the line that says why it failed (``cli.complaint``)."""

# Lines that wait for a slow reader before the processes do.
MOST_WAITING = 1_000
# A longer line is cut in pieces, so that a process without line ends cannot fill the memory.
LONGEST_LINE_BYTES = 64 << 10
# Enough for an engine's noise around the one line that says why.
REMEMBERED = 50


class OneLog:
    """Takes lines from any thread; ``width`` is that of the longest ``stage/process``, to align what follows."""

    def __init__(
        self,
        out: TextIO,
        *,
        as_json: bool = False,
        width: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._out = out
        self._as_json = as_json
        self._width = max(width, len(SUPERVISOR))
        self._now = now
        self._last: defaultdict[tuple[str, int], deque[str]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._writer = threading.Thread(target=self._write, name="log writer", daemon=True)
        self._writer.start()

    def copy(self, stage: str, process: int, pipe: IO[bytes]) -> None:
        """Copy a process's output until it has none left; blocks, so it wants a thread of its own."""
        while raw := pipe.readline(LONGEST_LINE_BYTES):
            text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
            with self._changed:
                self._last[stage, process].append(text)
                self._changed.wait_for(lambda: len(self._waiting) < MOST_WAITING or self._closing)
                self._put(stage, process, text)

    def say(self, text: str) -> None:
        """A line of the supervisor's own; never waits."""
        with self._changed:
            self._put(SUPERVISOR, None, text)

    def last_words(self, stage: str, process: int, count: int = 5) -> str:
        """Why a process failed, in one line: its last complaint, or else the last lines it wrote."""
        with self._changed:
            lines = [line for line in self._last[stage, process] if line.strip()]
        complaints = [line.removeprefix(COMPLAINT) for line in lines if line.startswith(COMPLAINT)]
        return complaints[-1] if complaints else " | ".join(lines[-count:])

    def close(self, within_s: float = 5.0) -> None:
        """Write what is left; give up on a reader that takes longer than ``within_s``."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join(within_s)

    def _put(self, stage: str, process: int | None, text: str) -> None:
        self._waiting.append(self._formatted(stage, process, text))
        self._changed.notify_all()

    def _formatted(self, stage: str, process: int | None, text: str) -> str:
        if not self._as_json:
            who = stage if process is None else f"{stage}/{process}"
            return f"{who:<{self._width}} │ {text}\n"
        line = {"time": self._now().isoformat(), "stage": stage, "process": process, "line": text}
        return orjson.dumps(line).decode() + "\n"

    def _write(self) -> None:
        readable = True
        while lines := self._take():
            try:
                if readable:
                    self._out.write(lines)
                    self._out.flush()
            except (OSError, ValueError):  # the reader is gone, or somebody closed the stream
                readable = False

    def _take(self) -> str:
        """All lines that wait, at least one; empty when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            lines = "".join(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
            return lines
