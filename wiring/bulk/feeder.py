"""The feeder: what waits in the bulk topic goes to the journal while little waits behind it.

In:    the lag of every stage, as the exporter reads it.   Out: appends to the journal, a bounded number ahead.
A stage that is down has a lag that grows, and so nothing is fed to it; a live item finds at most ``ahead`` before it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import Ranges
from connectors.kafka.writing import Writer
from contracts.errors import PipelineError, StateCorrupt
from wiring.bulk.channel import Channel
from wiring.kafka.lag import LagReader, LagReport

Wait = Callable[[float], bool]

# What a live item may find before it, at the some hundred records a second that the stages do.
AHEAD, AHEAD_IN_ALL = 48, 96


@dataclass(frozen=True, slots=True)
class Pace:
    """How far ahead of the stages is fed: records of one partition, and of all together.

    ``every_s`` is below the second in which stages tell how far they are.
    """

    ahead: int = AHEAD
    ahead_in_all: int = AHEAD_IN_ALL
    every_s: float = 0.25


class Feeder:
    """Feeds every partition of the journal; one of its kind."""

    def __init__(
        self, cluster: Cluster, naming: Naming, partitions: int, notes: Path, pace: Pace | None = None
    ) -> None:
        self._pace = pace or Pace()
        self._ranges = Ranges(cluster)
        self._lag = LagReader(cluster, naming)
        notes.mkdir(parents=True, exist_ok=True)
        writer = Writer(cluster, linger_ms=0)
        self._channels = [Channel(cluster, naming, p, notes, self._ranges, writer) for p in range(partitions)]
        self._first = 0

    def turn(self) -> int:
        """Look, and feed what there is room for; how many records. Raises ``PipelineError``."""
        for channel in self._channels:
            channel.look()
        waiting = [channel for channel in self._channels if channel.waits]
        if not waiting:
            return 0
        lags = in_pipeline(self._lag.read(ages=False))
        room = self._pace.ahead_in_all - sum(lags.values())
        fed = 0
        # Each turn another partition is first, so that none of them takes all of the room for ever.
        self._first += 1
        start = self._first % len(waiting)
        share = max(1, room // len(waiting))
        for channel in (*waiting[start:], *waiting[:start]):
            most = min(self._pace.ahead - lags.get(channel.partition, 0), share, room - fed)
            fed += channel.feed(most) if most > 0 else 0
        return fed

    def close(self) -> None:
        """Leave the broker."""
        self._ranges.close()
        self._lag.close()


def in_pipeline(report: LagReport) -> dict[int, int]:
    """How many records of each journal partition some stage has not done."""
    found: dict[int, int] = {}
    for one in report.partitions:
        found[one.partition] = found.get(one.partition, 0) + one.lag
    return found


def feed_for_ever(
    make: Callable[[], Feeder],
    pace: Pace,
    *,
    wait: Wait,
    on_turn: Callable[[], None] = lambda: None,
    said: Callable[[str], None] = lambda _: None,
) -> None:
    """Feed until ``wait`` says that it is over; a broker that is away is waited for.

    After a failure all begins anew from what the journal says, as nobody knows which of the last appends arrived.
    """
    over = False
    while not over:
        try:
            with closing(make()) as feeder:
                while not over:
                    on_turn()
                    over = wait(0.0 if feeder.turn() else pace.every_s)
        except StateCorrupt:
            raise
        except PipelineError as exc:
            said(str(exc))
            over = wait(5.0)
