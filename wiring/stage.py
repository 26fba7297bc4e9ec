"""One stage of the product as a flow of its own, with no more models and stores than that stage asks for.

Only extract loads the encoder, so the other stages start in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from connectors.jsonl.source import JournalLine
from connectors.keys.vault import LocalVault
from contracts.registry import read_journal, read_stage
from contracts.stages import RedactedItem
from flows.stages import Decode, Pipeline, alone
from models.encoders.ahead import AheadEncoder
from models.encoders.load import encoder_identity, load_encoder
from models.priority.policy import load_policy
from models.themes.policy import ThemePolicy
from operators.extract.step import ExtractStep, texts_to_encode
from operators.intake.step import IntakeStep
from operators.ports import VectorIndex
from operators.prioritise.step import PrioritiseStep
from operators.step import Step
from operators.themes.audit import AuditTally
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.product import (
    CACHED_VECTORS,
    MakeStep,
    Opener,
    names_notice,
    open_labeller,
    open_readers,
    pipeline_of,
)
from wiring.topics import INPUTS, STAGES

Expect = Callable[[Sequence[JournalLine]], None]
"""To be told of lines that were read, before the stage has them: it may work ahead."""


@dataclass(frozen=True, slots=True)
class OpenStage:
    """One stage as a flow of its own, with no more models and stores than it asks for."""

    pipeline: Pipeline
    notices: tuple[str, ...]
    close: Callable[[], None]
    expect: Expect


OpenIndex = Callable[[int, str, int], VectorIndex]
"""The vector index for (partition, encoder version, item dimensions)."""


def open_stage(
    name: str, keys: Path, settings: Settings, partitions: int, open_index: OpenIndex
) -> OpenStage:
    """Load what one stage needs. Raises ``PipelineError``; ``close`` lets go of it.

    ``keys`` is the folder of the key store, which all stages share.
    """
    vault = LocalVault(keys)
    opened: list[VectorIndex] = []

    def close() -> None:
        for index in opened:
            index.close()
        vault.close()

    made = {
        "intake": lambda: _open_intake(vault, settings),
        "extract": lambda: _open_extract(vault, settings),
        "themes": lambda: _Made(_open_themes(vault, settings, open_index, opened)),
        "priority": lambda: _Made(_open_priority(vault, settings)),
    }[name]()
    steps = dict.fromkeys(STAGES, _not_here) | {name: made.step}
    pipeline = alone(pipeline_of(partitions, **steps), name, _decode(name))
    return OpenStage(pipeline, made.notices, close, made.expect)


def _decode(name: str) -> Decode:
    if name == STAGES[0]:
        return read_journal
    topic = INPUTS[name]
    return lambda _partition, _position, value: read_stage(topic, value)


def _not_here(_partition: int) -> Step:
    raise AssertionError("a stage alone makes no other stage's step")


def _expect_nothing(_lines: Sequence[JournalLine]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Made:
    """How a stage's steps are made, and what was said while opening what they need."""

    step: MakeStep
    notices: tuple[str, ...] = ()
    expect: Expect = _expect_nothing


def _open_intake(vault: LocalVault, settings: Settings) -> _Made:
    readers = open_readers(settings)
    return _Made(lambda _p: IntakeStep(vault, readers), tuple(names_notice(readers, settings)))


def _open_extract(vault: LocalVault, settings: Settings) -> _Made:
    encoder, notice = load_encoder(settings.encoder)
    ahead = AheadEncoder(encoder, partial(_texts_of, vault, _decode("extract")), capacity=CACHED_VECTORS)
    labeller, provenance, warnings = open_labeller(vault, ahead, settings)
    served: set[int] = set()

    def step(partition: int) -> ExtractStep:
        served.add(partition)
        return ExtractStep(vault, ahead, labeller, provenance)

    def expect(lines: Sequence[JournalLine]) -> None:
        # A line of another partition goes to another process of the group.
        ahead.expect(line for line in lines if line.partition in served)

    return _Made(step, (*([notice] if notice else []), *warnings), expect)


def _texts_of(vault: LocalVault, decode: Decode, line: JournalLine) -> list[str]:
    """What the encoder will be asked because of a line of extract's input."""
    record = decode(*line)
    if not isinstance(record, RedactedItem):
        return []
    opened = vault.open(record.tenant, record.text)
    return texts_to_encode(opened.decode()) if opened else []


def _open_themes(
    vault: LocalVault, settings: Settings, open_index: OpenIndex, opened: list[VectorIndex]
) -> MakeStep:
    version, dims = encoder_identity(settings.encoder)
    audit = AuditTally()

    def step(partition: int) -> ThemesStep:
        opened.append(open_index(partition, version, dims))
        return ThemesStep(vault, opened[-1], version, ThemePolicy(), audit)

    return step


def _open_priority(vault: LocalVault, settings: Settings) -> MakeStep:
    policy = load_policy(settings.rules)
    return lambda p: PrioritiseStep(p, policy, Opener(vault))
