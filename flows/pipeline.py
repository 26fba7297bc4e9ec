"""The flow every product flow is: stages in a chain, keyed by journal partition, all topics in one sink.

log → stage 1 ─► its hand-on topic ─► stage 2 ─► … ─► stage n
         └────────── every record of every stage ─────────┴─► topics

Embedded the chain has all stages; on Kafka each stage is a flow of its own (``flows.stages.alone``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.operators import KeyedStream
from bytewax.outputs import Sink

from flows.stages import Decode, Pipeline, Stage
from operators.hosting import Emitted, Handed, StepHost
from operators.stateful import hosted
from operators.statelog import StateLog

TOPICS = "topics"
"""The name of a flow's one output step."""

Lane = Callable[[str, str, int], str]
"""The sink's key for (topic, stage, partition)."""

Write = Callable[[Emitted], Any]
"""What the sink writes of a record."""

OpenStateLog = Callable[[str, int], StateLog]
"""The state log of (stage, partition)."""


def build(
    pipeline: Pipeline,
    *,
    source: Source[Any],
    sink: Sink[Any],
    lane: Lane,
    write: Write,
    open_state_log: OpenStateLog,
    anywhere: bool = False,
) -> Dataflow:
    """Compose the stages; ``source`` emits ``(key, JournalLine)``, ``sink`` takes ``(lane, write(emitted))``.

    ``anywhere``: the source may begin in the middle of its topic (``StepHost``).
    """
    flow = Dataflow(pipeline.name)
    stream: KeyedStream[Any] = op.input(pipeline.input_topic, flow, source)
    hand = _handing(pipeline.decode)
    topics: list[KeyedStream[Any]] = []
    for number, stage in enumerate(pipeline.stages):
        emitted = hosted(
            stage.name, stream, _hosting(stage, open_state_log, anywhere), None if number else hand
        )
        topics.append(op.flat_map_batch(f"{stage.name}_lines", emitted, _writing(lane, write)))
        if number + 1 < len(pipeline.stages):
            topic = pipeline.stages[number + 1].input_topic
            stream = op.flat_map_batch(f"{stage.name}_hands_on", emitted, _handing_on(topic))
    op.output(TOPICS, op.merge("all_lines", *topics), sink)
    return flow


def _handing(decode: Decode) -> Callable[[Any], Handed]:
    def handed(line: Any) -> Handed:
        partition, ordinal, data = line
        return Handed(partition, ordinal, decode(partition, ordinal, data))

    return handed


def _hosting(stage: Stage, open_state_log: OpenStateLog, anywhere: bool) -> Callable[[int], StepHost]:
    def host(partition: int) -> StepHost:
        log = open_state_log(stage.name, partition)
        return StepHost(stage.name, partition, stage.make(partition), log, anywhere=anywhere)

    return host


def _handing_on(topic: str) -> Callable[[list[tuple[str, Emitted]]], list[tuple[str, Handed]]]:
    def handed_on(batch: list[tuple[str, Emitted]]) -> list[tuple[str, Handed]]:
        return [
            (key, Handed(partition, position, out.record))
            for key, (partition, _stage, position, out) in batch
            if out.topic == topic
        ]

    return handed_on


def _writing(lane: Lane, write: Write) -> Callable[[list[tuple[str, Emitted]]], list[tuple[str, Any]]]:
    def lines(batch: list[tuple[str, Emitted]]) -> list[tuple[str, Any]]:
        return [
            (lane(emitted.out.topic, emitted.stage, emitted.partition), write(emitted))
            for _key, emitted in batch
        ]

    return lines
