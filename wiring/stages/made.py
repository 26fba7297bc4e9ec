"""A stage's steps, ready to be made: what every module of this package opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.jsonl.source import JournalLine
from operators.ports import VectorIndex
from wiring.pipeline import MakeStep

Expect = Callable[[Sequence[JournalLine]], None]
"""To be told of lines that were read, before the stage has them: it may work ahead."""

OpenIndex = Callable[[int, str, int], VectorIndex]
"""The vector index for (partition, encoder version, item dimensions)."""


def _expect_nothing(_lines: Sequence[JournalLine]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Made:
    """How a stage's steps are made, and what was said while opening what they need."""

    step: MakeStep
    notices: tuple[str, ...] = ()
    expect: Expect = _expect_nothing
