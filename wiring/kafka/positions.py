"""How far a stage has come, told to Kafka for people and tools to see; nothing ever starts from it.

In:    the position of every input partition at each snapshot.
Out:   offsets of the consumer group ``undercurrent-<generation>-<stage>``, with the time as their metadata.
Elsewhere: where a stage resumes is in its recovery store; the lag is read by ``wiring.kafka.lag``.

Any lag tool understands such offsets. The time beside them is the stage's heartbeat, also when nothing moves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.names import Naming
from contracts.errors import StopWorker

# A stage takes a snapshot every second; people look less often.
COMMIT_EVERY_S = 1.0
ANSWERED_WITHIN_S = 5.0
# How long a client with an answer still due takes to end where the broker is away: the least that brokers allow.
_ENDS_WITHIN = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 2000}

Answer = Future[ConsumerGroupTopicPartitions]


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
        self._consumer = cluster.consumer(group_id=group, on_commit=self._answered, **_ENDS_WITHIN)
        self._every_s = every_s
        self._clock = clock
        self._latest: dict[tuple[str, int], int] = {}
        self._due = 0
        self._next = float("-inf")

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Tell the next offset to read of each (topic, partition); call it at every snapshot, also without news."""
        self._latest.update(positions)
        self._consumer.poll(0)
        if self._clock() >= self._next and not self._due:
            self._send()

    def close(self, within_s: float = 2.0) -> None:
        """Tell what was not told yet; wait for that no longer than ``within_s``."""
        self._send()
        deadline = time.monotonic() + within_s
        while self._due and time.monotonic() < deadline:
            self._consumer.poll(0.05)
        self.failures += self._due

    def _send(self) -> None:
        if not self._latest:
            return
        now = self._clock()
        self._next = now + self._every_s
        self.attempts += 1
        self._due += 1
        try:
            self._consumer.commit(offsets=_offsets(self._latest, now), asynchronous=True)
        except KafkaException as exc:
            self._answered(exc.args[0], [])

    def _answered(self, refused: KafkaError | None, offsets: list[TopicPartition]) -> None:
        self._due -= 1
        self.failures += bool(refused or any(one.error for one in offsets))


def commit_positions(
    cluster: Cluster, group: str, positions: Mapping[tuple[str, int], int], *, now: float | None = None
) -> None:
    """Tell positions once and wait for it. Raises ``StopWorker`` when the broker does not take them.

    For something that runs on, keep a ``Positions``: every call of this makes a client of its own.
    """
    if not positions:
        return
    with kafka_errors(f"telling the positions of {group}"):
        admin = cluster.admin()  # kept until it has answered: with the client the answer would be lost
        offsets = _offsets(positions, time.time() if now is None else now)
        answers = admin.alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, offsets)], request_timeout=ANSWERED_WITHIN_S
        )
        asked: Answer = next(iter(answers.values()))
        if refusal := _refusal(asked):
            raise StopWorker(f"telling the positions of {group}: {refusal}")


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


def _refusal(asked: Answer) -> str | None:
    """Why the broker did not take all of it."""
    failed = asked.exception()
    if failed is not None:
        return str(failed)
    errors = [str(one.error) for one in asked.result().topic_partitions or () if one.error]
    return errors[0] if errors else None
