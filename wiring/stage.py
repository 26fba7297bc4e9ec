"""One stage of the product as a flow of its own, with no more models and stores than that stage asks for.

Only extract loads the encoder, only intake the recognisers: the other stages start in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from connectors.keys.vault import LocalVault
from connectors.labelling.table import AnswerTable
from connectors.polling import OnLines
from contracts.registry import read_journal, read_stage
from flows.stages import Decode, Pipeline, alone
from models.encoders.guarded import GuardedEncoder
from operators.ports import VectorIndex
from operators.step import Step
from settings import Settings
from wiring.pipeline import pipeline_of
from wiring.stages.made import Made, OpenIndex
from wiring.topics import INPUTS, STAGES


@dataclass(frozen=True, slots=True)
class OpenStage:
    """One stage as a flow of its own, with no more models and stores than it asks for."""

    pipeline: Pipeline
    notices: tuple[str, ...]
    close: Callable[[], None]
    expect: OnLines
    guard: GuardedEncoder | None = None


def open_stage(
    name: str,
    keys: Path,
    settings: Settings,
    partitions: int,
    open_index: OpenIndex,
    own_answers: Path | None = None,
) -> OpenStage:
    """Load what one stage needs. Raises ``PipelineError``; ``close`` lets go of it.

    ``keys`` is the folder of the key store, which all stages share; ``own_answers`` the generation's table of
    answers, if it has one.
    """
    vault = LocalVault(keys)
    opened: list[VectorIndex] = []
    table = AnswerTable(own_answers) if own_answers is not None and name == "extract" else None

    def close() -> None:
        for index in opened:
            index.close()
        if table is not None:
            table.close()
        vault.close()

    made = _opened(name, vault, keys, settings, open_index, opened, table)
    steps = dict.fromkeys(STAGES, _not_here) | {name: made.step}
    pipeline = alone(pipeline_of(partitions, **steps), name, _decode(name))
    return OpenStage(pipeline, made.notices, close, made.expect, made.guard)


def _opened(
    name: str,
    vault: LocalVault,
    keys: Path,
    settings: Settings,
    open_index: OpenIndex,
    opened: list[VectorIndex],
    own_answers: AnswerTable | None,
) -> Made:
    """Each stage's module is imported here alone: together they take seconds, which a restart has not."""
    match name:
        case "intake":
            from wiring.stages import intake

            return intake.open_alone(vault, settings)
        case "extract":
            from wiring.stages import extract

            return extract.open_alone(vault, keys, settings, own_answers)
        case "themes":
            from wiring.stages import themes

            return themes.open_alone(vault, settings, open_index, opened)
        case _:
            from wiring.stages import priority

            return priority.open_alone(vault, settings)


def _decode(name: str) -> Decode:
    if name == STAGES[0]:
        return read_journal
    topic = INPUTS[name]
    return lambda _partition, _position, value: read_stage(topic, value)


def _not_here(_partition: int) -> Step:
    raise AssertionError("a stage alone makes no other stage's step")
