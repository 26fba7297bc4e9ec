"""What every reader of a partition shares: which offsets there are, which errors pass by themselves, ranges."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.kafka.cluster import Cluster, answer_of, kafka_errors
from connectors.kafka.messages import Headers
from contracts.errors import StateCorrupt, StopWorker

REBUILD = "rebuild the stage's state with `undercurrent rebuild-stage`"

# How long a start waits for a broker, and a reader of a range for its next message.
WITHIN_S = 30.0

# How long a topic may be unknown to a broker that answers: one just made is known everywhere within a second or two.
_UNKNOWN_S = 3.0

# One question of a start to a broker. Answers that come at once and say "not yet" may be many: doubling without a bound
# ends above what the client takes.
_LONGEST_S = 8.0

# The client goes on by itself after these: it looks for the broker again, or asks for the new leader.
_PASSING = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._WAIT_COORD,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REPLICA_NOT_AVAILABLE,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
    }
)


class Held(NamedTuple):
    """The offsets that a partition holds: ``first`` up to before ``end``."""

    first: int
    end: int


def offset_of(message: Message) -> int:
    """The offset of a message that the broker sent; of an end-of-partition event, where the end is."""
    offset = message.offset()
    if offset is None:
        raise AssertionError("only a message that was never sent has no offset")
    return offset


def headers_of(message: Message) -> Headers:
    """The headers of a message in their order; one without a value counts as empty."""
    given = message.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    return tuple((name, value if isinstance(value, bytes) else b"") for name, value in pairs)


def passes(error: KafkaError) -> bool:
    """Whether waiting is enough: the broker is away or changing, and nothing is lost."""
    return not error.fatal() and (error.retriable() or error.code() in _PASSING)


def held(
    admin: AdminClient, places: Iterable[tuple[str, int]], within_s: float = WITHIN_S
) -> dict[tuple[str, int], Held]:
    """What each ``(topic, partition)`` holds. Raises ``StopWorker`` for one that does not exist.

    A broker that is away is waited for about ``within_s``, and for the answer to the last question.
    """
    asked = [TopicPartition(topic, partition) for topic, partition in places]
    if not asked:
        return {}
    began = time.monotonic()
    patience_s = 1.0  # one call in ten stalls for 3 s while a topic is new; the next is answered at once
    with kafka_errors(f"asking for the offsets of {', '.join(sorted({place.topic for place in asked}))}"):
        while True:
            try:
                return _held(admin, asked, patience_s)
            except KafkaException as exc:  # a new topic has no leader for a moment
                waited = time.monotonic() - began
                if not (passes(exc.args[0]) or exc.args[0].code() == KafkaError._NOENT) or waited > within_s:
                    raise
            # Not above: a call that fails while an exception is handled never lets go of that, of no frame that it
            # passed, and so of no client in them (confluent-kafka 2.16).
            known = _topics_known(admin, patience_s)
            missing = sorted({place.topic for place in asked} - known) if known is not None else []
            if waited > _UNKNOWN_S and missing:
                raise StopWorker(
                    f"topic {missing[0]} does not exist: see --prefix and --generation, or create it with "
                    "`undercurrent topics apply`"
                )
            patience_s = min(2 * patience_s, _LONGEST_S)
            time.sleep(0.1)


def _topics_known(admin: AdminClient, within_s: float) -> set[str] | None:
    """The topics there are, None if nobody says.

    Asking lets a client that lived through a restart of its broker forget the leaders and epochs it knew.
    """
    with suppress(KafkaException):
        # A broker that is just back may know of none yet.
        return set(admin.list_topics(timeout=within_s).topics) or None
    return None


def _held(admin: AdminClient, asked: list[TopicPartition], within_s: float) -> dict[tuple[str, int], Held]:
    latest, earliest = OffsetSpec.latest(), OffsetSpec.earliest()  # type: ignore[no-untyped-call]
    ends = admin.list_offsets(_each(asked, latest), request_timeout=within_s)
    firsts = admin.list_offsets(_each(asked, earliest), request_timeout=within_s)
    found = {
        (place.topic, place.partition): Held(answer_of(firsts[place]).offset, answer_of(ends[place]).offset)
        for place in asked
    }
    if any(there.first < 0 or there.end < 0 for there in found.values()):
        # A broker that is just back from a pause answers without offsets and without an error.
        raise KafkaException(KafkaError(KafkaError.OFFSET_NOT_AVAILABLE))
    return found


def _each(places: list[TopicPartition], asked: OffsetSpec) -> dict[TopicPartition, OffsetSpec]:
    return dict.fromkeys(places, asked)


def gone(topic: str, partition: int, offset: int, there: Held) -> StateCorrupt:
    """The refusal to go on where offsets are missing: never jump."""
    return StateCorrupt(
        f"topic {topic}, partition {partition}: offset {offset} is asked for, the log holds {there.first} up to "
        f"before {there.end}; nothing was skipped: {REBUILD}"
    )


class Ranges:
    """Reads ranges of partitions, one after another, with one consumer: a new one each time takes 50 ms to begin.

    For one thread. A range that is not read to its end is given up when the next one begins.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._made: Consumer | None = None

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Message]:
        """Every message from offset ``start`` up to before ``end``, which must be there.

        Raises ``StopWorker`` if no message comes for ``WITHIN_S`` seconds, or an offset is missing.
        """
        if start >= end:
            return
        place = f"topic {topic}, partition {partition}"
        consumer = self._consumer()
        with kafka_errors(f"reading {place}"):
            consumer.assign([TopicPartition(topic, partition, start)])
            deadline = time.monotonic() + WITHIN_S
            while start < end:
                batch = _next_of(consumer)
                if not batch and time.monotonic() > deadline:
                    raise StopWorker(
                        f"{place}: no message at offset {start} for {WITHIN_S:.0f} s; start again"
                    )
                for message in batch:
                    error = message.error()
                    if error is None and offset_of(message) < end:
                        yield message
                    elif error is not None and error.code() != KafkaError._PARTITION_EOF:
                        if passes(error):
                            continue
                        raise StopWorker(f"{place}: {error.str()}; {REBUILD}")
                    start = offset_of(message) + (error is None)
                    deadline = time.monotonic() + WITHIN_S
            consumer.unassign()  # or it would go on fetching what nobody asks for

    def close(self) -> None:
        """Let go of the consumer; another range makes another."""
        if self._made is not None:
            self._made.close()
            self._made = None

    def _consumer(self) -> Consumer:
        if self._made is None:
            # Ask often: the broker holds back its answer at the end of a log for as long as it is allowed to.
            self._made = self._cluster.consumer(
                fetch_wait_max_ms=10, fetch_queue_backoff_ms=10, queued_max_messages_kbytes=8192
            )
        return self._made


def _next_of(consumer: Consumer) -> list[Message]:
    """What there is once something is: asked for 500, ``consume`` would wait the time out for the last of them."""
    first = consumer.poll(0.02)
    return [] if first is None else [first, *consumer.consume(500, 0)]


def between(cluster: Cluster, topic: str, partition: int, start: int, end: int) -> Iterator[Message]:
    """One range, with a consumer of its own; see ``Ranges.between``."""
    with closing(Ranges(cluster)) as ranges:
        yield from ranges.between(topic, partition, start, end)
