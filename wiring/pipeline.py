"""The product's flow: its stages in a chain, whatever makes their steps."""

from __future__ import annotations

from collections.abc import Callable

from contracts.registry import read_journal
from flows.stages import Pipeline, Stage
from operators.step import Step
from wiring.topics import INPUTS, stage_producers

FLOW = "undercurrent"
"""The flow's name: part of the identity of its state."""

MakeStep = Callable[[int], Step]


def pipeline_of(
    partitions: int, *, intake: MakeStep, extract: MakeStep, themes: MakeStep, priority: MakeStep
) -> Pipeline:
    """The product's stages, made of these steps."""
    return Pipeline(
        name=FLOW,
        stages=(
            Stage("intake", INPUTS["intake"], intake),
            Stage("extract", INPUTS["extract"], extract),
            Stage("themes", INPUTS["themes"], themes),
            Stage("priority", INPUTS["priority"], priority),
        ),
        producers=stage_producers(),
        partitions=partitions,
        decode=read_journal,
    )
