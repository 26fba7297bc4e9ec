"""The signals that ask a supervisor to drain."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def heard_by(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at each of the signals, and put back what heard them before; only in the main thread."""

    def heard(_signum: int, _frame: FrameType | None) -> None:
        stop()

    before = {signum: signal.signal(signum, heard) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
