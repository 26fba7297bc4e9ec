"""What every benchmark on Kafka stands on: a broker, topics under names of its own, a fresh process for each run.

``Ground`` is one flow's names and folder. What is measured in a process of its own goes through ``fresh``, so that no
run inherits the clients, caches or garbage of the one before it.
"""

from __future__ import annotations

import cProfile
import multiprocessing
import pstats
import secrets
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from connectors.kafka.admin import create_topics
from connectors.kafka.cluster import DELIVERED_WITHIN_MS, Cluster
from connectors.kafka.messages import KafkaMessage, Origin, message_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, held
from contracts.envelope import Envelope
from contracts.registry import write_record
from wiring.kafka.running import Site
from wiring.kafka.topics import wanted_topics
from wiring.topics import INPUTS, STAGES, load_topics, stage_producers

PARTITIONS = 12
"""As deployed."""

TENANTS_PER_PARTITION = 2
"""24 tenants in all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bench:
    """A run of benchmarks: the cluster, a folder for all of them, how much of the items and how many pairs."""

    cluster: Cluster
    folder: Path
    scale: float = 1.0
    pairs: int = 5
    profile: bool = False
    broker_pid: int | None = None

    def items(self, wanted: int) -> int:
        """That many items, scaled; at least two a tenant."""
        return max(2 * PARTITIONS * TENANTS_PER_PARTITION, round(wanted * self.scale))

    def ground(self, name: str) -> Ground:
        """Names and a folder that nothing else has."""
        data = self.folder / name
        data.mkdir(parents=True, exist_ok=True)
        return Ground(self.cluster, data, Naming(prefix=f"b{secrets.token_hex(4)}"))


@dataclass(frozen=True, slots=True)
class Ground:
    """One flow: its topics' names and its folder of keys and recovery stores. Pickles, for ``fresh``."""

    cluster: Cluster
    data: Path
    naming: Naming
    partitions: int = PARTITIONS

    @property
    def keys(self) -> Path:
        """The key store."""
        return self.data / "keys"

    @property
    def site(self) -> Site:
        """The same, as stages are told."""
        return Site(self.cluster, self.naming, self.data, self.partitions)

    def generation(self, name: str) -> Ground:
        """The same keys, other topics and state."""
        return replace(self, naming=replace(self.naming, generation=name))

    def make(self, stages: Iterable[str] = STAGES) -> None:
        """Create the topics that these stages read and write, as they are declared."""
        chosen = set(stages)
        shorts = {INPUTS[stage] for stage in chosen}
        shorts |= {short for short, writers in stage_producers().items() if chosen & set(writers)}
        names = [*map(self.naming.topic, sorted(shorts)), *map(self.naming.state, sorted(chosen))]
        wanted = wanted_topics(self.naming, partitions=self.partitions)
        create_topics(self.cluster, {name: wanted[name].new for name in names})

    def held(self, short: str) -> dict[int, Held]:
        """The offsets that each partition of a topic holds."""
        name = self.naming.topic(short)
        there = held(self.cluster.admin(), [(name, p) for p in range(self.partitions)])
        return {partition: one for (_name, partition), one in there.items()}

    def origin(self, short: str, stage: str, partition: int) -> Origin:
        """Who writes to a topic."""
        return Origin(short, load_topics()[short].key, self.naming.generation, stage, partition)

    def message(
        self, short: str, stage: str, partition: int, position: int, record: Envelope
    ) -> KafkaMessage:
        """A record as its stage would write it."""
        return said(self.origin(short, stage, partition), position, record)

    def put(self, short: str, messages: Iterable[tuple[int, KafkaMessage]]) -> None:
        """Write ``(partition, message)`` and wait until all are delivered."""
        put(self.cluster, self.naming.topic(short), messages)


def said(origin: Origin, position: int, record: Envelope) -> KafkaMessage:
    """What its writer sends of a record."""
    return message_of(origin, position, record, write_record(record))


def put(cluster: Cluster, topic: str, messages: Iterable[tuple[int, KafkaMessage]]) -> None:
    """Write ``(partition, message)`` to a topic and wait until all are delivered."""
    producer = cluster.producer(queue_buffering_max_messages=2_000_000, queue_buffering_max_kbytes=2 << 20)
    for partition, message in messages:
        producer.produce(
            topic, message.value, message.key, partition=partition, headers=list(message.headers)
        )
        producer.poll(0)
    left = producer.flush(DELIVERED_WITHIN_MS / 1000)
    assert left == 0, f"{left} messages were not delivered"


def delete(cluster: Cluster, topic: str) -> None:
    """Delete a topic."""
    admin = cluster.admin()  # kept until it has answered: with the client the answer would be lost
    admin.delete_topics([topic])[topic].result()


def fresh(function: Callable[..., T], *arguments: object) -> T:
    """What a module's function gives in a new process. Raises ``RuntimeError`` with what it raised."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_told, function, *arguments).result()


def _told(function: Callable[..., T], *arguments: object) -> T:
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001 - the Kafka client's cannot be pickled, and would hide what happened
        raise RuntimeError(traceback.format_exc()) from None


def profiled(function: Callable[..., T], *arguments: object) -> T:
    """The same in this process, with where its time went."""
    profile = cProfile.Profile()
    try:
        return profile.runcall(function, *arguments)
    finally:
        show_profile(profile)


def show_profile(source: cProfile.Profile | str) -> None:
    """The 45 functions that took longest themselves, then the 30 that took longest with what they call."""
    stats = pstats.Stats(source, stream=sys.stdout)
    stats.sort_stats("tottime").print_stats(45)
    stats.sort_stats("cumulative").print_stats(30)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the clock, and of CPU by all threads of this process, which other processes hardly change."""

    wall_s: float
    cpu_s: float

    @classmethod
    def now(cls) -> Took:
        """Both clocks."""
        return cls(time.perf_counter(), time.process_time())

    @classmethod
    def since(cls, began: Took) -> Took:
        """What passed since then."""
        now = cls.now()
        return cls(now.wall_s - began.wall_s, now.cpu_s - began.cpu_s)


@dataclass(slots=True)
class Pairs:
    """Two ways of doing the same, timed in turns; seconds."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def add(self, ours: float, theirs: float) -> None:
        """One more pair."""
        self.ours.append(ours)
        self.theirs.append(theirs)

    @property
    def ratio(self) -> float:
        """The median over pairs of theirs by ours: above 1 ours is faster."""
        return statistics.median(t / o for o, t in zip(self.ours, self.theirs, strict=True))

    def figures(self, items: int) -> dict[str, float]:
        """Ratio, its range, and both sides' items a second."""
        ratios = [t / o for o, t in zip(self.ours, self.theirs, strict=True)]
        return {
            "ratio": round(self.ratio, 3),
            "lowest": round(min(ratios), 3),
            "highest": round(max(ratios), 3),
            "ours_per_s": round(items / statistics.median(self.ours), 1),
            "theirs_per_s": round(items / statistics.median(self.theirs), 1),
        }


def alternating(pairs: int, ours: Callable[[], Took], theirs: Callable[[], Took]) -> tuple[Pairs, Pairs]:
    """Time both in turns; by the clock, and by CPU."""
    wall, cpu = Pairs(), Pairs()
    for _pair in range(pairs):
        their, our = theirs(), ours()
        wall.add(our.wall_s, their.wall_s)
        cpu.add(our.cpu_s, their.cpu_s)
    return wall, cpu


def quantile(values: Sequence[float], q: float) -> float:
    """The value that a share ``q`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(q * 1000 * len(ordered)) // 1000) - 1))]


def await_that(is_so: Callable[[], bool], within_s: float, what: str, every_s: float = 0.05) -> None:
    """Wait until something is so. Raises ``TimeoutError``."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s:.0f} s")
        time.sleep(every_s)
