"""The labeller on Kafka: one process beside the flows; it reads ``enriched`` and appends answers to the journal.

At least once: what was read is in the labeller's memory before its position is; an answer is in the journal before its
concern is forgotten. A kill costs at most the calls under way. Bounded: while ``PENDING`` wait, nothing more is read;
the topic keeps it meanwhile. No stage reads what is in here, so none waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from prometheus_client import CollectorRegistry

from connectors.kafka.cluster import kafka_errors
from connectors.kafka.reading import held, offset_of, passes
from connectors.labelling.table import AnswerTable
from contracts.answers import Answer
from contracts.envelope import Envelope
from contracts.errors import RecoveryRefused, RetryLater, StopWorker
from contracts.feedback import Signal
from contracts.registry import read_stage
from settings import Settings
from wiring.appending import kafka_orders
from wiring.engine import draining_on_signals
from wiring.health import HealthFile, Probes, serving_if
from wiring.kafka.generations import active_positions
from wiring.kafka.home import Member, StageHome, joined
from wiring.kafka.running import Site
from wiring.labelling.opening import FOLDER, Open, open_labeller
from wiring.llm.metrics import LlmMetrics

LABELLER = "labeller"
PENDING = 20_000
"""Concerns that wait in its memory, at most (and what one read brings); 3 KB each."""

LOOK_S = 30.0
"""How often it is looked up which generation is active; until then two labellers may ask about the same."""

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

    Nothing is asked while another generation is active. With ``health_port``, ``/livez``, ``/readyz`` and ``/metrics``
    are answered there. Raises ``PipelineError``; ``WrongUsage`` where no model is set up, without ``follow``
    ``RecoveryRefused`` for a generation that is not the active one.
    """
    if not follow:
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
            serving_if(Probes(beat_of=beat.path, registry=registry), health_port),
            open_(site.data, settings, append, now) as opened,
        ):
            for notice in opened.notices:
                tell(notice)
            turn = Looking(partial(others_active, site), tell)
            while not draining.is_set():
                beat.touch()
                if not turn.is_ours():
                    time.sleep(POLL_S)
                    continue
                with closing(Reader(site, opened, tell)) as reader:
                    _loop(reader, opened, draining.is_set, beat.touch, turn.is_ours, follow=follow)
                if not follow:
                    return


def fill_answers(
    site: Site,
    settings: Settings,
    answers: Path,
    now: Callable[[], datetime],
    tell: Callable[[str], None],
    *,
    rate: int,
    prompt: str,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Ask about what the generation's topic holds now, into a table; how many concerns it answers in the end.

    At most ``rate`` concerns a minute. Nothing goes into the journal. The same call goes on where it was. Ends, too,
    when nobody answers. Raises ``WrongUsage`` where no model is set up.
    """
    name = f"table-{_digest(answers.resolve(), site.naming.generation, prompt)}"
    if not answers.exists():  # its memory would say that all of it was asked
        (site.data / FOLDER / f"{name}.sqlite3").unlink(missing_ok=True)
    with (
        draining_on_signals() as draining,
        joined(StageHome(site.data / LABELLER / name), Member(), lambda: None),
        closing(AnswerTable(answers, make=True)) as table,
    ):

        def keep(records: Sequence[Envelope]) -> None:
            table.add(record for record in records if isinstance(record, Answer))
            for record in records:
                if isinstance(record, Signal):
                    tell(f"{record.tenant}: {record.name} {record.value} %")

        slow = settings.model_copy(update={"llm_concurrency": 1})
        with (
            open_labeller(site.data, slow, keep, now, name=name, prompt=prompt, anew=True) as opened,
            closing(Reader(site, opened, tell)) as reader,
        ):
            for notice in opened.notices:
                tell(notice)
            while not reader.is_over and not draining.is_set():
                reader.read()
            ask_slowly(opened, draining.is_set, tell, pause, rate)
        return table.count()


def ask_slowly(
    opened: Open,
    draining: Callable[[], bool],
    tell: Callable[[str], None],
    pause: Callable[[float], None],
    rate: int,
) -> None:
    """Turns until nothing waits, with a ``pause`` (seconds) after each, for ``rate`` concerns a minute."""
    while not draining() and (before := opened.store.count()):
        turn = opened.labeller.turn()
        left = opened.store.count()
        if left and turn.wait_s is not None:
            tell(f"{left} wait on: {turn.why}; give the same command again")
            return
        pause(60.0 * (before - left) / rate)


def _digest(*what: object) -> str:
    """What tells one table's memory from another's."""
    return sha256("\x1f".join(map(str, what)).encode()).hexdigest()[:12]


def others_active(site: Site) -> str:
    """Why nothing of this generation is to be asked: others are active, and its answers would act in the live journal.

    Empty where it is active, or nothing was ever published. Raises ``StopWorker`` where the broker does not say.
    """
    active = {at.generation for at in active_positions(site.cluster, site.naming, site.partitions).values()}
    if not active or site.naming.generation in active:
        return ""
    return f"generation {site.naming.generation} is not the active one ({', '.join(sorted(active))})"


def _refuse_other(site: Site) -> None:
    if why := others_active(site):
        raise RecoveryRefused(f"{why}: its answers would act in the live journal; cut over to it first")


class Looking:
    """Whether this generation is the one whose concerns are asked about: ``others`` says why not, every ``LOOK_S``.

    While the broker does not say, what it said last holds.
    """

    def __init__(
        self,
        others: Callable[[], str],
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._others = others
        self._tell = tell
        self._clock = clock
        self._look_at = clock()
        self._why = ""

    def is_ours(self) -> bool:
        """Looks again where it is time to."""
        if self._clock() < self._look_at:
            return not self._why
        with suppress(StopWorker):
            before, self._why = self._why, self._others()
            if self._why != before:
                self._tell(
                    f"{self._why}: nothing is asked until it is" if self._why else f"no more: {before}"
                )
        self._look_at = self._clock() + LOOK_S
        return not self._why


def _loop(
    reader: Reader,
    opened: Open,
    draining: Callable[[], bool],
    beat: Callable[[], None],
    is_ours: Callable[[], bool],
    *,
    follow: bool,
) -> None:
    """Read, ask, append, while the generation ``is_ours``. While somebody is waited for, reading goes on.

    What was there at the beginning is read first, as far as there is room: what settles a concern lies behind it.
    """
    resume_at = 0.0
    while not draining() and is_ours():
        beat()
        if opened.store.count() < PENDING:
            reader.read()
            if not reader.is_over and opened.store.count() < PENDING:
                continue
        if time.monotonic() < resume_at:
            continue
        try:
            turn = opened.labeller.turn()
        except RetryLater as exc:
            # The broker is away: what was answered is in the cache, and is appended then.
            resume_at = time.monotonic() + exc.retry_after_s
            continue
        if turn.wait_s is not None:
            if not follow and reader.is_over:
                return
            resume_at = time.monotonic() + (0.0 if turn.is_idle else turn.wait_s)


class Reader:
    """Reads the topic of all partitions behind what the labeller's memory has."""

    def __init__(self, site: Site, opened: Open, tell: Callable[[str], None]) -> None:
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
        self._opened.take(changes, positions)

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
