"""Our source and sink against those that come with Bytewax: every message of one topic into another.

Both as they are by default, in a process of their own for each run, with a recovery store and a snapshot a second. Ours
also checks every offset, every delivery and every position, and writes the position into a header.
"""

from __future__ import annotations

import random
import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink as StockSink
from bytewax.connectors.kafka import KafkaSource as StockSource
from bytewax.dataflow import Dataflow

from bench.kafka.common import PARTITIONS, Bench, Took, alternating, delete, fresh, profiled, put
from connectors.jsonl.layout import part_name
from connectors.kafka.admin import BROKERS_DEFAULT, NewTopicFacts, create_topics
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import SEQUENCE, Header, KafkaMessage
from connectors.kafka.sink import KafkaSink
from connectors.kafka.source import KafkaSource
from connectors.polling import JournalLine, Reading
from wiring.engine import run_flow
from wiring.kafka.running import StageRunning
from wiring.snapshots import RecoveryStore

MESSAGES = 240_000
VALUE_BYTES = 400

HEADERS: tuple[Header, ...] = (
    ("ce_specversion", b"1.0"),
    ("ce_source", b"/undercurrent/g1/bench/0"),
    ("ce_type", b"undercurrent.enriched.feedback.v1"),
    ("ce_dataschema", b"undercurrent/enriched/1.0"),
    ("content-type", b"application/json"),
    ("ce_id", b"0-0-bench-0"),
    ("ce_time", b"2026-01-01T00:00:00Z"),
    ("ce_tenantid", b"tenant-0"),
    ("ce_partitionkey", b"tenant-0"),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Messages a second of both, and their ratio."""
    count = bench.items(MESSAGES)
    source = f"pass-{secrets.token_hex(4)}"
    _make(bench.cluster, source)
    put(bench.cluster, source, ((n % PARTITIONS, message) for n, message in enumerate(_messages(count))))

    def timed(side: Callable[[Cluster, str, str], Took]) -> Callable[[], Took]:
        def once() -> Took:
            target = f"pass-{secrets.token_hex(4)}"
            _make(bench.cluster, target)
            try:
                return fresh(side, bench.cluster, source, target)
            finally:
                delete(bench.cluster, target)

        return once

    if bench.profile:
        _make(bench.cluster, target := f"pass-{secrets.token_hex(4)}")
        profiled(ours, bench.cluster, source, target)
    wall, cpu = alternating(bench.pairs, timed(ours), timed(theirs))
    figures = {**wall.figures(count), "cpu_ratio": round(cpu.ratio, 3)}
    return {"items": count, "partitions": PARTITIONS, "pairs": bench.pairs, **figures}


def ours(cluster: Cluster, source: str, target: str) -> Took:
    """Seconds from the first message read to the end: everything delivered and committed."""
    clock = _Clock()
    lanes = {f"out/{part_name(p)}": (target, p) for p in range(PARTITIONS)}
    names = {part_name(p): f"out/{part_name(p)}" for p in range(PARTITIONS)}

    def handed_on(batch: list[tuple[str, JournalLine]]) -> list[tuple[str, KafkaMessage]]:
        clock.begin()
        return [
            (
                names[key],
                KafkaMessage(
                    b"tenant-0", line.data, (*HEADERS, (SEQUENCE, b"%d" % line.ordinal)), line.ordinal
                ),
            )
            for key, line in batch
        ]

    flow = Dataflow("ours")
    reading = Reading(batch=StageRunning().batch)
    lines = op.input("read", flow, KafkaSource(cluster, source, PARTITIONS, reading))
    op.output("write", op.flat_map_batch("hand_on", lines, handed_on), KafkaSink(cluster, lanes, "bench"))
    return clock.run(flow)


def theirs(cluster: Cluster, source: str, target: str) -> Took:
    """The same with Bytewax's own."""
    clock = _Clock()

    def handed_on(batch: list[Any]) -> list[Any]:
        clock.begin()
        return [message.to_sink() for message in batch]

    flow = Dataflow("theirs")
    lines = op.input("read", flow, StockSource([cluster.bootstrap], [source], tail=False))
    op.output("write", op.flat_map_batch("hand_on", lines, handed_on), StockSink([cluster.bootstrap], target))
    return clock.run(flow)


class _Clock:
    """Runs a flow with recovery; from its first batch to its end."""

    def __init__(self) -> None:
        self._began: Took | None = None

    def begin(self) -> None:
        if self._began is None:
            self._began = Took.now()

    def run(self, flow: Dataflow) -> Took:
        with TemporaryDirectory() as folder:
            store = Path(folder) / "recovery"
            RecoveryStore(store).create(1)
            run_flow(flow, store, StageRunning().epoch)
        return Took.since(self._began or Took.now())


def _make(cluster: Cluster, topic: str) -> None:
    create_topics(cluster, {topic: NewTopicFacts(PARTITIONS, BROKERS_DEFAULT, {})})


def _messages(count: int) -> list[KafkaMessage]:
    rng = random.Random(1)
    values = [b64encode(rng.randbytes(VALUE_BYTES * 3 // 4)) for _ in range(1_000)]
    headers = (*HEADERS, (SEQUENCE, b"0"))
    return [KafkaMessage(b"tenant-0", values[n % 1_000], headers, n) for n in range(count)]
