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
from contextlib import suppress

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.names import Naming
from contracts.errors import StopWorker

# A stage takes a snapshot every second; people look less often.
COMMIT_EVERY_S = 1.0
ANSWERED_WITHIN_S = 5.0
# An answer that is still due after this long will not come; long enough that few clients are given up in an outage.
GIVEN_UP_AFTER_S = 20.0

Answer = Future[ConsumerGroupTopicPartitions]


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
        every_s: float = COMMIT_EVERY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.attempts = 0
        self.failures = 0
        self._cluster = cluster
        # The last is asked. One that was given up is kept: let go of while an answer is due, it can end the process.
        self._admins = [cluster.admin()]
        self._group = group
        self._every_s = every_s
        self._clock = clock
        self._latest: dict[tuple[str, int], int] = {}
        self._asked: Answer | None = None
        self._next = float("-inf")

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Tell the next offset to read of each (topic, partition); call it at every snapshot, also without news."""
        self._latest.update(positions)
        if self._clock() < self._next:
            return
        if self._asked is None or self._asked.done():
            self._send()
        elif self._clock() >= self._next + GIVEN_UP_AFTER_S:
            self._give_up()

    def close(self, within_s: float = 2.0) -> None:
        """Tell what was not told yet; wait for that no longer than ``within_s``."""
        self._send(within_s)
        with suppress(KafkaException, TimeoutError):
            if self._asked is not None:
                self._asked.result(within_s)
        self._count()

    def _send(self, within_s: float = ANSWERED_WITHIN_S) -> None:
        self._count()
        if not self._latest:
            return
        now = self._clock()
        self._next = now + self._every_s
        self.attempts += 1
        self._asked = _ask(self._admins[-1], self._group, self._latest, now, within_s)

    def _give_up(self) -> None:
        """After a broker's restart a client may never answer; another one does."""
        self.failures += 1
        self._asked = None
        self._admins.append(self._cluster.admin())
        self._send()

    def _count(self) -> None:
        """Learn what became of the last attempt."""
        if self._asked is not None and self._asked.done():
            self.failures += bool(_refusal(self._asked))
            self._asked = None


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
        asked = _ask(admin, group, positions, time.time() if now is None else now, ANSWERED_WITHIN_S)
        if refusal := _refusal(asked):
            raise StopWorker(f"telling the positions of {group}: {refusal}")


def beat_in(metadata: str | None) -> float | None:
    """The heartbeat beside an offset, Unix seconds; None where somebody else wrote it."""
    try:
        return float(metadata or "")
    except ValueError:
        return None


def _ask(
    admin: AdminClient, group: str, positions: Mapping[tuple[str, int], int], now: float, within_s: float
) -> Answer:
    offsets = [
        TopicPartition(topic, number, offset, f"{now:.3f}") for (topic, number), offset in positions.items()
    ]
    wanted = ConsumerGroupTopicPartitions(group, offsets)
    answers = admin.alter_consumer_group_offsets([wanted], request_timeout=within_s)
    answer: Answer = next(iter(answers.values()))
    return answer


def _refusal(asked: Answer) -> str | None:
    """Why the broker did not take all of it."""
    failed = asked.exception()
    if failed is not None:
        return str(failed)
    errors = [str(one.error) for one in asked.result().topic_partitions or () if one.error]
    return errors[0] if errors else None
