"""How far a stage has come, told to Kafka for people and tools to see; nothing ever starts from it.

In:    the position of every input partition at each snapshot.
Out:   offsets of the consumer group ``undercurrent-<generation>-<stage>``; their metadata is the time and, behind a
       space, the fingerprint of the keys that the stage has.
Elsewhere: where a stage resumes is in its recovery store; the lag is read by ``wiring.kafka.lag``.

Any lag tool understands such offsets. The time beside them is the stage's heartbeat, also when nothing moves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from confluent_kafka import TopicPartition

from connectors.kafka.cluster import Cluster
from connectors.kafka.groups import Telling
from connectors.kafka.names import Naming
from contracts.errors import StopWorker

# A stage takes a snapshot every second; people look less often.
COMMIT_EVERY_S = 1.0
ANSWERED_WITHIN_S = 5.0


def position_group(naming: Naming, stage: str) -> str:
    """``undercurrent-g1-themes``: the group under which a stage's positions stand."""
    return f"{naming.prefix}-{naming.generation}-{stage}"


class Positions:
    """Tells one process's positions: never waits, never fails the stage, and asks the broker at most once at a time."""

    def __init__(
        self,
        cluster: Cluster,
        group: str,
        *,
        keys: str | None = None,
        every_s: float = COMMIT_EVERY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``keys``: their fingerprint, of a stage that has any."""
        self.attempts = 0
        self.refused: str | None = None
        """What the broker said of the last, None if it took it."""
        self._telling = Telling(cluster, group)
        self._keys = keys
        self._every_s = every_s
        self._clock = clock
        self._latest: dict[tuple[str, int], int] = {}
        self._is_told = True
        self._next = float("-inf")

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Note the next offset to read of each (topic, partition); call it at every snapshot, also without news."""
        self._latest.update(positions)
        self._is_told = False

    def tell(self) -> None:
        """Tell what was noted, if it is time; call it often: all partitions of a snapshot are told at once."""
        self._learn(0)
        if not self._is_told and not self._telling.is_due and self._clock() >= self._next:
            self._send()

    def close(self, within_s: float = 2.0) -> None:
        """Tell what was not told yet; wait for that no longer than ``within_s``."""
        if not self._is_told:
            self._send()
        self._learn(within_s)
        if self._telling.is_due:
            self.refused = f"no answer within {within_s:g} s"

    def _send(self) -> None:
        now = self._clock()
        self._next = now + self._every_s
        self._is_told = True
        self.attempts += 1
        metadata = f"{now:.3f}" if self._keys is None else f"{now:.3f} {self._keys}"
        self._telling.tell([TopicPartition(*place, at, metadata) for place, at in self._latest.items()])

    def _learn(self, within_s: float) -> None:
        self._telling.poll(within_s)
        if not self._telling.is_due:
            self.refused = None if self._telling.refused is None else str(self._telling.refused)


def commit_positions(
    cluster: Cluster,
    group: str,
    positions: Mapping[tuple[str, int], int],
    *,
    keys: str | None = None,
    now: float | None = None,
) -> None:
    """Tell positions once and wait for it. Raises ``StopWorker`` when the broker does not take them.

    For something that runs on, keep a ``Positions``: every call of this makes a client of its own.
    """
    if not positions:
        return
    once = Positions(cluster, group, keys=keys, clock=time.time if now is None else lambda: now)
    once.commit(positions)
    once.close(ANSWERED_WITHIN_S)
    if once.refused:
        raise StopWorker(f"telling the positions of {group}: {once.refused}")


def beat_in(metadata: str | None) -> float | None:
    """The heartbeat beside an offset, Unix seconds; None where somebody else wrote it."""
    try:
        return float((metadata or "").partition(" ")[0])
    except ValueError:
        return None


def keys_in(metadata: str | None) -> str | None:
    """The fingerprint of its keys that a stage told beside an offset; None where it told none."""
    return (metadata or "").partition(" ")[2] or None
