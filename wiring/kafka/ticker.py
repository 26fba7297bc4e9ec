"""The ticker: time as data. Every so often one tick for everyone goes to every partition of the journal.

It is the only place where the wall clock enters the order. Two tickers at once do no harm: a tenant's clock never
goes back, and a tick that brings no new time changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.kafka.journal import KafkaJournal
from contracts.envelope import EVERYONE
from contracts.errors import RetryLater
from contracts.feedback import Tick
from contracts.registry import write_record

Wait = Callable[[float], bool]
"""Wait so many seconds; True when it is over."""


def tick_record(at: datetime) -> bytes:
    """A journal record: time has come to ``at`` for every tenant that is not loading history."""
    return write_record(Tick(id="", tenant=EVERYONE, event_time=at, ingested_at=at))


def tick_for_ever(
    journal: KafkaJournal,
    every_s: float,
    *,
    now: Callable[[], datetime],
    wait: Wait,
    on_tick: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda _why: None,
) -> None:
    """Append a tick to every partition each ``every_s`` seconds until ``wait`` says that it is over.

    A broker that is away delays ticks; none is made up for, because only the latest time counts. ``say`` is told why,
    once for each reason in a row.
    """
    said = None
    over = False
    while not over:
        pause = every_s
        try:
            line = tick_record(now())
            for partition in range(journal.partitions):
                journal.append(partition, [line])
            on_tick()
            said = None
        except RetryLater as exc:
            pause = exc.retry_after_s
            if str(exc) != said:
                said = str(exc)
                say(said)
        over = wait(pause)
