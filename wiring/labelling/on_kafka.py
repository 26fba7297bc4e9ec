"""The labeller on Kafka: one process beside the flows; it reads ``enriched`` and appends answers to the journal.

At least once: what was read is in the labeller's memory before its position is; an answer is in the journal before its
concern is forgotten. A kill costs at most the calls under way. Bounded: while ``PENDING`` wait, nothing more is read;
the topic keeps it meanwhile. No stage reads what is in here, so none waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import datetime
from functools import partial

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from connectors.kafka.cluster import kafka_errors
from connectors.kafka.reading import held, offset_of, passes
from contracts.envelope import Envelope
from contracts.errors import RecoveryRefused, RetryLater, StopWorker
from contracts.registry import read_stage
from settings import Settings
from wiring.appending import kafka_orders
from wiring.engine import draining_on_signals
from wiring.health import HealthFile, Probes, serving
from wiring.kafka.generations import active_positions
from wiring.kafka.home import Member, StageHome, joined
from wiring.kafka.running import Site
from wiring.labelling.opening import Open, open_labeller
from wiring.llm.metrics import LlmMetrics

LABELLER = "labeller"
PENDING = 20_000
"""Concerns that wait in its memory, at most (and what one read brings); 3 KB each."""

POLL_S = 0.2
BATCH = 500
TOPIC = "enriched"


def run_labeller(
    site: Site,
    settings: Settings,
    *,
    follow: bool,
    now: Callable[[], datetime],
    tell: Callable[[str], None] = lambda _notice: None,
    health_port: int = 0,
) -> None:
    """Run until a signal, or without ``follow`` until all that there is now was asked or nobody answers.

    With ``health_port``, ``/livez``, ``/readyz`` and ``/metrics`` are answered there. Raises ``PipelineError``;
    ``WrongUsage`` where no model is set up, ``RecoveryRefused`` for a generation that is not the active one.
    """
    _refuse_other(site)
    home = StageHome(site.data / LABELLER / site.naming.generation)
    with (
        draining_on_signals() as draining,
        joined(home, Member(), lambda: None),
        kafka_orders(site, now) as orders,
    ):
        beat = HealthFile(home.root / "health-0.json", LABELLER)
        registry = CollectorRegistry()

        def append(records: Sequence[Envelope]) -> None:
            if records:
                orders.put(records)

        open_ = partial(open_labeller, name=site.naming.generation, metrics=LlmMetrics(registry))
        with (
            _answering(Probes(beat_of=beat.path, registry=registry), health_port),
            open_(site.data, settings, append, now) as opened,
            closing(Reader(site, opened, tell)) as reader,
        ):
            _loop(reader, opened, draining.is_set, beat.touch, follow=follow)


def _answering(probes: Probes, port: int) -> AbstractContextManager[object]:
    return serving(probes, port) if port else nullcontext()


def _refuse_other(site: Site) -> None:
    """Answers to what another generation decided would act in the live journal. Raises ``RecoveryRefused``."""
    active = {at.generation for at in active_positions(site.cluster, site.naming, site.partitions).values()}
    if active and site.naming.generation not in active:
        raise RecoveryRefused(
            f"generation {site.naming.generation} is not the active one ({', '.join(sorted(active))}): its answers"
            " would act in the live journal; cut over to it first"
        )


def _loop(
    reader: Reader, opened: Open, draining: Callable[[], bool], beat: Callable[[], None], *, follow: bool
) -> None:
    """Read, ask, append. While somebody is waited for, reading goes on."""
    resume_at = 0.0
    while not draining():
        beat()
        if opened.store.count() < PENDING:
            reader.read()
        if time.monotonic() < resume_at:
            continue
        try:
            turn = opened.labeller.turn()
        except (
            RetryLater
        ) as exc:  # the broker is away: what was answered is in the cache, and is appended then
            resume_at = time.monotonic() + exc.retry_after_s
            continue
        if turn.wait_s is not None:
            if not follow and reader.is_over:
                return
            resume_at = time.monotonic() + (0.0 if turn.why == "nothing waits" else turn.wait_s)


class Reader:
    """Reads the topic of all partitions behind what the labeller's memory has."""

    def __init__(self, site: Site, opened: Open, tell: Callable[[str], None]) -> None:
        for notice in opened.notices:
            tell(notice)
        self._topic = site.naming.topic(TOPIC)
        self._opened = opened
        self._ends: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._consumer: Consumer = site.cluster.consumer(
            fetch_wait_max_ms=100, queued_max_messages_kbytes=16384
        )
        places = [(self._topic, partition) for partition in range(site.partitions)]
        known = opened.store.positions()
        for (topic, partition), there in held(site.cluster.admin(), places).items():
            at = known.get(f"{topic}/{partition}", there.first)
            if not there.first <= at <= there.end:
                tell(
                    f"{topic}, partition {partition}: read up to {at}, it holds {there.first} to {there.end}"
                )
                at = there.first
            self._next[partition], self._ends[partition] = at, there.end
        with kafka_errors(f"reading {self._topic}"):
            self._consumer.assign([TopicPartition(self._topic, p, at) for p, at in self._next.items()])

    @property
    def is_over(self) -> bool:
        """Whether all was read that there was when this began."""
        return all(self._next[partition] >= end for partition, end in self._ends.items())

    def read(self) -> None:
        """Take up what there is, at most ``BATCH`` records, with the position behind it."""
        with kafka_errors(f"reading {self._topic}"):
            messages = self._consumer.consume(BATCH, POLL_S)
        fresh = [message for message in messages if self._is_record(message)]
        if not fresh:
            return
        changes = [self._opened.inbox.change(read_stage(TOPIC, message.value() or b"")) for message in fresh]
        for message in fresh:
            self._next[message.partition() or 0] = offset_of(message) + 1
        positions = {f"{self._topic}/{partition}": at for partition, at in self._next.items()}
        self._opened.store.take(changes, self._opened.prompt, positions)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self._next[message.partition() or 0] = max(
                self._next[message.partition() or 0], offset_of(message)
            )
            return False
        if passes(error):
            return False
        raise StopWorker(f"topic {self._topic}: {error.str()}; repair it, then start again")
