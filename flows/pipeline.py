"""The flow every product flow is: stages in a chain, keyed by journal partition, all topics in one sink.

journal → decode → stage 1 ─► its hand-on topic ─► stage 2 ─► … ─► stage n
                      └────────── every record of every stage ──────────┴─► topics
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.operators import KeyedStream
from bytewax.outputs import Sink

from contracts.registry import write_record
from flows.stages import JOURNAL, Decode, Pipeline, Stage
from operators.hosting import Emitted, Handed, StepHost
from operators.stateful import hosted
from operators.statelog import StateLog

DECODE = "decode"
TOPICS = "topics"

Lane = Callable[[str, str, int], str]
"""The sink's key for (topic, stage, partition)."""


OpenStateLog = Callable[[str, int], StateLog]
"""The state log of (stage, partition)."""


def build(
    pipeline: Pipeline, *, source: Source[Any], sink: Sink[Any], lane: Lane, open_state_log: OpenStateLog
) -> Dataflow:
    """Compose the stages; ``source`` emits ``(key, JournalLine)``, ``sink`` takes ``(lane, line)``."""
    flow = Dataflow(pipeline.name)
    lines = op.input(JOURNAL, flow, source)
    handed = op.flat_map_batch(DECODE, lines, _decoding(pipeline.decode))
    topics: list[KeyedStream[bytes]] = []
    for number, stage in enumerate(pipeline.stages):
        emitted = hosted(stage.name, handed, _hosting(stage, open_state_log))
        topics.append(op.flat_map_batch(f"{stage.name}_lines", emitted, _writing(lane)))
        if number + 1 < len(pipeline.stages):
            topic = pipeline.stages[number + 1].input_topic
            handed = op.flat_map_batch(f"{stage.name}_hands_on", emitted, _handing_on(topic))
    op.output(TOPICS, op.merge("all_lines", *topics), sink)
    return flow


def _decoding(decode: Decode) -> Callable[[list[Any]], list[tuple[str, Handed]]]:
    def decoded(batch: list[Any]) -> list[tuple[str, Handed]]:
        return [(key, Handed(p, ordinal, decode(p, ordinal, line))) for key, (p, ordinal, line) in batch]

    return decoded


def _hosting(stage: Stage, open_state_log: OpenStateLog) -> Callable[[int], StepHost]:
    def host(partition: int) -> StepHost:
        return StepHost(stage.name, partition, stage.make(partition), open_state_log(stage.name, partition))

    return host


def _handing_on(topic: str) -> Callable[[list[tuple[str, Emitted]]], list[tuple[str, Handed]]]:
    def handed_on(batch: list[tuple[str, Emitted]]) -> list[tuple[str, Handed]]:
        return [
            (key, Handed(partition, position, out.record))
            for key, (partition, _stage, position, out) in batch
            if out.topic == topic
        ]

    return handed_on


def _writing(lane: Lane) -> Callable[[list[tuple[str, Emitted]]], list[tuple[str, bytes]]]:
    def lines(batch: list[tuple[str, Emitted]]) -> list[tuple[str, bytes]]:
        return [
            (lane(out.topic, stage, partition), write_record(out.record))
            for _key, (partition, stage, _position, out) in batch
        ]

    return lines
