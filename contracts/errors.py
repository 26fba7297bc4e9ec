"""What can go wrong, split by what the caller must do.

PipelineError                anything we raise on purpose
├── RetryLater               the same call may succeed after a wait
│   └── QuotaExceeded        the caller sends more than it may: it has to slow down
├── RejectItem               this item can never succeed: it goes to the dead-letter topic
├── WrongUsage               the person who called must change the call (exit code 2)
├── OrderRefused             an earlier order says otherwise: lift it first (exit code 4)
└── StopWorker               going on would lose or corrupt state
    ├── RecoveryRefused      the recovery directory does not fit this start
    ├── StateCorrupt         bytes at rest are not the bytes that were written
    ├── BudgetExceeded       too many items failed: a bad deploy must not empty a topic into dead letters
    └── RedactionDown        personal data can no longer be found, so nothing may pass
"""

from __future__ import annotations

from typing import ClassVar


class PipelineError(Exception):
    """Anything we raise on purpose."""


class RetryLater(PipelineError):
    """The same call may succeed after ``retry_after_s`` seconds."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QuotaExceeded(RetryLater):
    """The caller sends more than it may; the same call may succeed when it has slowed down."""


class RejectItem(PipelineError):
    """This item can never succeed; ``reason`` is a short constant, ``field`` names the culprit."""

    def __init__(self, message: str, *, reason: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class WrongUsage(PipelineError):
    """The person who called must change the call; the message says how."""


class OrderRefused(PipelineError):
    """An order contradicts an earlier one, which the message names; nothing came of it."""


class StopWorker(PipelineError):
    """Going on would lose or corrupt state; the message says what to do.

    ``latest`` is the last one that was made in this process: an engine whose workers run in threads of their own ends
    with a panic that does not hold it.
    """

    latest: ClassVar[StopWorker | None] = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        StopWorker.latest = self


class RecoveryRefused(StopWorker):
    """The recovery directory belongs to another flow, partition count or output, or is in use."""


class StateCorrupt(StopWorker):
    """Bytes at rest are not the bytes that were written."""


class BudgetExceeded(StopWorker):
    """Too many items of a stream failed."""


class RedactionDown(StopWorker):
    """The built-in canaries no longer get redacted: nothing may pass until this is repaired."""
