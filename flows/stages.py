"""What a flow is made of, whatever runs it: stages in a chain and the topics they write to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from contracts.envelope import Envelope
from operators.step import Step

JOURNAL = "journal"
"""The only log that is an input."""

Decode = Callable[[int, int, bytes], Envelope]
"""A journal record from (partition, ordinal, line). It never raises: a line that is no record becomes a
record that says so, and the first stage sends it to the dead letters."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: ``make(partition)`` builds its step; it reads ``input_topic`` of the stage before it.

    ``name`` is the identity of its state and never changes. The first stage reads ``journal``.
    """

    name: str
    input_topic: str
    make: Callable[[int], Step]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A flow that can run on any engine.

    ``producers`` names, per topic, the stages that write to it in an order that never changes (a new
    one goes to the end). ``partitions`` is the number of journal partitions, fixed for ever.
    """

    name: str
    stages: tuple[Stage, ...]
    producers: Mapping[str, Sequence[str]]
    partitions: int
    decode: Decode

    @property
    def input_topic(self) -> str:
        """The topic that the first stage reads."""
        return self.stages[0].input_topic


def alone(pipeline: Pipeline, name: str, decode: Decode) -> Pipeline:
    """One stage of a pipeline as a flow of its own; ``decode`` reads the topic that the stage before it writes."""
    return Pipeline(
        name=f"{pipeline.name}-{name}",
        stages=tuple(stage for stage in pipeline.stages if stage.name == name),
        producers={topic: (name,) for topic, stages in pipeline.producers.items() if name in stages},
        partitions=pipeline.partitions,
        decode=decode,
    )
