"""One stage of the product as a flow of its own, with no more models and stores than that stage asks for.

Only extract loads the encoder, so the other stages start in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from connectors.keys.vault import LocalVault
from contracts.registry import read_journal, read_stage
from flows.stages import Decode, Pipeline, alone
from models.encoders.cached import CachedEncoder
from models.encoders.load import encoder_identity, load_encoder
from models.priority.policy import load_policy
from models.themes.policy import ThemePolicy
from operators.extract.step import ExtractStep
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


@dataclass(frozen=True, slots=True)
class OpenStage:
    """One stage as a flow of its own, with no more models and stores than it asks for."""

    pipeline: Pipeline
    notices: tuple[str, ...]
    close: Callable[[], None]


OpenIndex = Callable[[int, str, int], VectorIndex]
"""The vector index for (partition, encoder version, item dimensions)."""


def open_stage(
    name: str, keys: Path, settings: Settings, partitions: int, open_index: OpenIndex
) -> OpenStage:
    """Load what one stage needs. Raises ``PipelineError``; ``close`` lets go of it.

    ``keys`` is the folder of the key store, which all stages share.
    """
    vault = LocalVault(keys)
    notices: list[str] = []
    opened: list[VectorIndex] = []

    def close() -> None:
        for index in opened:
            index.close()
        vault.close()

    make = {
        "intake": lambda: _open_intake(vault, settings, notices),
        "extract": lambda: _open_extract(vault, settings, notices),
        "themes": lambda: _open_themes(vault, settings, open_index, opened),
        "priority": lambda: _open_priority(vault, settings),
    }[name]()
    steps = dict.fromkeys(STAGES, _not_here) | {name: make}
    pipeline = alone(pipeline_of(partitions, **steps), name, _decode(name))
    return OpenStage(pipeline, tuple(notices), close)


def _decode(name: str) -> Decode:
    if name == STAGES[0]:
        return read_journal
    topic = INPUTS[name]
    return lambda _partition, _position, value: read_stage(topic, value)


def _not_here(_partition: int) -> Step:
    raise AssertionError("a stage alone makes no other stage's step")


def _open_intake(vault: LocalVault, settings: Settings, notices: list[str]) -> MakeStep:
    readers = open_readers(settings)
    notices.extend(names_notice(readers, settings))
    return lambda _p: IntakeStep(vault, readers)


def _open_extract(vault: LocalVault, settings: Settings, notices: list[str]) -> MakeStep:
    encoder, notice = load_encoder(settings.encoder)
    notices.extend([notice] if notice else [])
    cached = CachedEncoder(encoder, capacity=CACHED_VECTORS)
    labeller, provenance, warnings = open_labeller(vault, cached, settings)
    notices.extend(warnings)
    return lambda _p: ExtractStep(vault, cached, labeller, provenance)


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
