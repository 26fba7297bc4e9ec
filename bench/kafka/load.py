"""A steady stream of feedback into the journal, item by item, as an edge would send it; ticks come every 10 s."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from bench.kafka.common import Ground
from bench.kafka.workload import Round
from connectors.kafka.journal import KafkaJournal
from wiring.kafka.ticker import tick_record

TICK_EVERY_S = 10.0


class Steady:
    """Appends a round's items at ``rate`` a second in a thread; a context that ends it."""

    def __init__(self, ground: Ground, round_: Round, rate: float) -> None:
        self._ground = ground
        self._lines = [(place, line) for place, line in round_.lines if place is not None]
        self._rate = rate
        self._over = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.latest_s = 0.0
        """By how much an append was late at most, seconds."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if exc is None and self._failed is not None:
            raise self._failed

    def join(self) -> None:
        """Wait until all is appended."""
        self._thread.join()

    @property
    def is_over(self) -> bool:
        """All is appended."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            journal = KafkaJournal(
                self._ground.cluster, self._ground.naming.journal, self._ground.partitions, "bench"
            )
            began = time.monotonic()
            ticked = began
            for n, (partition, line) in enumerate(self._lines):
                due = began + n / self._rate
                if self._over.wait(max(0.0, due - time.monotonic())):
                    return
                self.latest_s = max(self.latest_s, time.monotonic() - due)
                journal.append(partition, [line])
                if time.monotonic() - ticked > TICK_EVERY_S:
                    ticked += TICK_EVERY_S
                    self._tick(journal)
        except Exception as exc:  # noqa: BLE001 - raised where the context ends, in the thread that waits
            self._failed = exc

    @staticmethod
    def _tick(journal: KafkaJournal) -> None:
        line = tick_record(datetime.now(UTC))
        for partition in range(journal.partitions):
            journal.append(partition, [line])
