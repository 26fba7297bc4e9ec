"""The product's flow in one process: every stage on the parts of one data directory.

Everything a step asks of the world is chosen here; what one stage asks is opened by ``wiring.stages``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from connectors.keys.vault import LocalVault
from contracts.stages import Provenance
from flows.stages import Pipeline
from models.encoders.base import Encoder
from models.encoders.cached import CachedEncoder
from models.encoders.guarded import GuardedEncoder
from models.encoders.load import load_encoder
from models.labellers.local import LocalLabeller
from models.priority.matrix import Matrix
from models.priority.policy import PriorityPolicy, load_policy
from models.review.asking import ASK_ONE_IN
from models.themes.policy import ThemePolicy
from operators.extract.reading import Standby
from operators.extract.step import ExtractStep
from operators.intake.redaction import Readers
from operators.intake.step import IntakeStep
from operators.ports import Vault, VectorIndex
from operators.prioritise.step import PrioritiseStep
from operators.themes.audit import AuditTally
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.pipeline import pipeline_of
from wiring.stages.extract import CACHED_VECTORS, answers_within, guarded, open_labeller, standing_by
from wiring.stages.intake import names_notice, open_readers
from wiring.stages.priority import Opener
from wiring.stages.themes import open_index


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages run on; ``notices`` say what is less than it could be, ``audit`` counts the index's.

    ``guard`` tells when the encoder is away, ``standby`` reads then.
    """

    vault: Vault
    index: VectorIndex
    readers: Readers
    guard: GuardedEncoder
    encoder: Encoder
    labeller: LocalLabeller
    themes: ThemePolicy
    priorities: PriorityPolicy
    matrix: Matrix
    provenance: Provenance
    answers_within: timedelta | None = None
    ask_one_in: int = ASK_ONE_IN
    notices: tuple[str, ...] = ()
    standby: Standby | None = None
    audit: AuditTally = field(default_factory=AuditTally)


def open_parts(directory: Path, settings: Settings, *, index: VectorIndex | None = None) -> Parts:
    """Load the models and open the stores of a data directory. Raises ``PipelineError``."""
    encoder, notice = load_encoder(settings.encoder)
    readers = open_readers(settings)
    guard = guarded(encoder)
    cached = CachedEncoder(guard, capacity=CACHED_VECTORS)
    keys = directory / "keys"
    vault = LocalVault(keys)
    labeller, matrix, provenance, warnings = open_labeller(vault, keys, cached, settings)
    return Parts(
        vault=vault,
        index=index or open_index(directory / "qdrant", encoder.version, encoder.dims),
        readers=readers,
        encoder=cached,
        labeller=labeller,
        themes=ThemePolicy(),
        priorities=load_policy(settings.rules),
        matrix=matrix,
        provenance=provenance,
        answers_within=answers_within(settings),
        ask_one_in=settings.ask_one_in,
        guard=guard,
        standby=standing_by(keys, settings),
        notices=(*([notice] if notice else ()), *names_notice(readers, settings), *warnings),
    )


def product_pipeline(parts: Parts, partitions: int) -> Pipeline:
    """journal → intake → redacted → extract → enriched → themes → assignments → priority."""
    return pipeline_of(
        partitions,
        intake=lambda _p: IntakeStep(parts.vault, parts.readers),
        extract=lambda _p: ExtractStep(
            parts.vault,
            parts.encoder,
            parts.labeller,
            parts.provenance,
            answers_within=parts.answers_within,
            ask_one_in=parts.ask_one_in,
            matrix=parts.matrix,
            standby=parts.standby,
        ),
        themes=lambda _p: ThemesStep(
            parts.vault, parts.index, parts.encoder.version, parts.themes, parts.audit
        ),
        priority=lambda p: PrioritiseStep(p, parts.priorities, Opener(parts.vault), parts.matrix),
    )
