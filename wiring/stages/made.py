"""A stage's steps, ready to be made: what every module of this package opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.polling import OnLines, nothing_of_lines
from models.encoders.guarded import GuardedEncoder
from operators.ports import VectorIndex
from wiring.pipeline import MakeStep

OpenIndex = Callable[[int, str, int], VectorIndex]
"""The vector index for (partition, encoder version, item dimensions)."""


@dataclass(frozen=True, slots=True)
class Made:
    """How a stage's steps are made, and what was said while opening what they need."""

    step: MakeStep
    notices: tuple[str, ...] = ()
    expect: OnLines = nothing_of_lines
    """What is told of lines may work ahead of the steps."""
    guard: GuardedEncoder | None = None
    """The encoder, where the stage has one."""
