"""How far a stage has come, told to Kafka for people and tools to see; nothing ever starts from it.

In:    the position of every input partition at each snapshot.
Out:   offsets of the consumer group ``undercurrent-<generation>-<stage>``, with the time as their metadata.
Elsewhere: where a stage resumes is in its recovery store; the lag is read by ``wiring.kafka.lag``.

Any lag tool understands such offsets. The time beside them is the stage's heartbeat, also when nothing moves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from contracts.errors import StopWorker

# A stage takes a snapshot every second; people look less often.
COMMIT_EVERY_S = 1.0
ANSWERED_WITHIN_S = 5.0
# How long a client with an answer still due takes to end where the broker is away: the least that brokers allow.
_ENDS_WITHIN = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 2000}


def position_group(naming: Naming, stage: str) -> str:
    """``undercurrent-g1-themes``: the group under which a stage's positions stand."""
    return f"{naming.prefix}-{naming.generation}-{stage}"


class Positions:
    """Tells one process's positions: never waits, never fails the stage, and asks the broker at most once at a time.

    A consumer tells them, not an admin client: of librdkafka 2.16's, one never answered again after its broker's
    restart, and one ended the process while its broker stood still. The consumer joins no group.
    """

    def __init__(
        self,
        cluster: Cluster,
        group: str,
        *,
        every_s: float = COMMIT_EVERY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.attempts = 0
        self.failures = 0
        self.refused: str | None = None
        """What the broker said of the last that failed."""
        self._consumer = cluster.consumer(group_id=group, on_commit=self._answered, **_ENDS_WITHIN)
        self._every_s = every_s
        self._clock = clock
        self._latest: dict[tuple[str, int], int] = {}
        self._is_told = True
        self._due = 0
        self._next = float("-inf")

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Note the next offset to read of each (topic, partition); call it at every snapshot, also without news."""
        self._latest.update(positions)
        self._is_told = False

    def tell(self) -> None:
        """Tell what was noted, if it is time; call it often: all partitions of a snapshot are told at once."""
        self._consumer.poll(0)
        if not self._is_told and not self._due and self._clock() >= self._next:
            self._send()

    def close(self, within_s: float = 2.0) -> None:
        """Tell what was not told yet; wait for that no longer than ``within_s``."""
        if not self._is_told:
            self._send()
        deadline = time.monotonic() + within_s
        while self._due and time.monotonic() < deadline:
            self._consumer.poll(0.05)
        if self._due:
            self.failures += self._due
            self.refused = f"no answer within {within_s:g} s"

    def _send(self) -> None:
        now = self._clock()
        self._next = now + self._every_s
        self._is_told = True
        self.attempts += 1
        self._due += 1
        try:
            self._consumer.commit(offsets=_offsets(self._latest, now), asynchronous=True)
        except KafkaException as exc:
            self._answered(exc.args[0], [])

    def _answered(self, refused: KafkaError | None, offsets: list[TopicPartition]) -> None:
        self._due -= 1
        why = refused or next((one.error for one in offsets if one.error), None)
        if why:
            self.failures += 1
            self.refused = str(why)


def commit_positions(
    cluster: Cluster, group: str, positions: Mapping[tuple[str, int], int], *, now: float | None = None
) -> None:
    """Tell positions once and wait for it. Raises ``StopWorker`` when the broker does not take them.

    For something that runs on, keep a ``Positions``: every call of this makes a client of its own.
    """
    if not positions:
        return
    once = Positions(cluster, group, clock=time.time if now is None else lambda: now)
    once.commit(positions)
    once.close(ANSWERED_WITHIN_S)
    if once.refused:
        raise StopWorker(f"telling the positions of {group}: {once.refused}")


def beat_in(metadata: str | None) -> float | None:
    """The heartbeat beside an offset, Unix seconds; None where somebody else wrote it."""
    try:
        return float(metadata or "")
    except ValueError:
        return None


def _offsets(positions: Mapping[tuple[str, int], int], now: float) -> list[TopicPartition]:
    return [
        TopicPartition(topic, number, offset, f"{now:.3f}") for (topic, number), offset in positions.items()
    ]
