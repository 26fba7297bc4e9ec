"""The product's flow: which step each stage runs, on which parts.

One stage per line of ``product_pipeline``; everything a step asks of the world is chosen here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from connectors.qdrant.edge import EdgeIndex
from contracts.errors import RedactionDown
from contracts.feedback import Sealed
from contracts.registry import read_journal
from contracts.stages import Provenance
from flows.stages import Pipeline, Stage
from models.encoders.base import Encoder
from models.encoders.cached import CachedEncoder
from models.encoders.load import load_encoder
from models.labellers.local import VERSION as LABELLER_VERSION
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from models.language.detector import LanguageDetector
from models.priority.policy import PriorityPolicy, load_policy
from models.privacy.redactor import default_redactor, patterns_only_redactor
from models.themes.policy import ThemePolicy
from models.toxicity.detector import ToxicityDetector
from operators.extract.step import ExtractStep
from operators.intake.redaction import Readers
from operators.intake.step import IntakeStep
from operators.ports import Vault, VectorIndex
from operators.prioritise.step import PrioritiseStep
from operators.step import Step
from operators.themes.audit import AuditTally
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.topics import INPUTS, stage_producers

FLOW = "undercurrent"
"""The flow's name: part of the identity of its state."""

MakeStep = Callable[[int], Step]

REDACTION_VERSION = "redaction-1"

# Texts whose vectors are kept: a few thousand distinct sentences repeat in support traffic (greetings, forms,
# copied replies); one vector takes 768 bytes.
CACHED_VECTORS = 20_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages run on; ``notices`` say what is less than it could be, ``audit`` counts the index's."""

    vault: Vault
    index: VectorIndex
    readers: Readers
    encoder: Encoder
    labeller: LocalLabeller
    themes: ThemePolicy
    priorities: PriorityPolicy
    provenance: Provenance
    notices: tuple[str, ...] = ()
    audit: AuditTally = field(default_factory=AuditTally)


def open_parts(directory: Path, settings: Settings, *, index: VectorIndex | None = None) -> Parts:
    """Load the models and open the stores of a data directory. Raises ``PipelineError``."""
    encoder, notice = load_encoder(settings.encoder)
    readers = open_readers(settings)
    cached = CachedEncoder(encoder, capacity=CACHED_VECTORS)
    vault = LocalVault(directory / "keys")
    labeller, provenance, warnings = open_labeller(vault, cached, settings)
    return Parts(
        vault=vault,
        index=index or open_index(directory / "qdrant", encoder.version, encoder.dims),
        readers=readers,
        encoder=cached,
        labeller=labeller,
        themes=ThemePolicy(),
        priorities=load_policy(settings.rules),
        provenance=provenance,
        notices=(*([notice] if notice else ()), *names_notice(readers, settings), *warnings),
    )


def open_readers(settings: Settings) -> Readers:
    """The models of intake. Raises ``RedactionDown`` when they find nothing where there is something."""
    redactor = default_redactor() if settings.names == "auto" else patterns_only_redactor()
    if not redactor.canaries_pass():
        raise RedactionDown("personal data in the built-in canaries is not found; run: undercurrent doctor")
    return Readers(LanguageDetector(), redactor, ToxicityDetector(), REDACTION_VERSION)


def open_index(folder: Path, encoder_version: str, dims: int) -> EdgeIndex:
    """The embedded Qdrant in a folder, for one encoder."""
    return EdgeIndex(
        folder, encoder_version=encoder_version, item_dims=dims, theme_dims=ThemePolicy().components
    )


def memory_index(encoder: Encoder) -> MemoryIndex:
    """An index that is gone with the process, for the reference runner."""
    return MemoryIndex(item_dims=encoder.dims, theme_dims=ThemePolicy().components)


def product_pipeline(parts: Parts, partitions: int) -> Pipeline:
    """journal → intake → redacted → extract → enriched → themes → assignments → priority."""
    return pipeline_of(
        partitions,
        intake=lambda _p: IntakeStep(parts.vault, parts.readers),
        extract=lambda _p: ExtractStep(parts.vault, parts.encoder, parts.labeller, parts.provenance),
        themes=lambda _p: ThemesStep(
            parts.vault, parts.index, parts.encoder.version, parts.themes, parts.audit
        ),
        priority=lambda p: PrioritiseStep(p, parts.priorities, Opener(parts.vault)),
    )


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


def open_labeller(
    vault: LocalVault, encoder: Encoder, settings: Settings
) -> tuple[LocalLabeller, Provenance, list[str]]:
    """The local labels, the versions behind them, and what is to be told of the taxonomy."""
    taxonomy, warnings = load_taxonomy(settings.taxonomy)
    labeller = LocalLabeller(taxonomy, encoder, review_below=round(settings.review_below * 1000))
    provenance = Provenance(
        run=vault.digest("undercurrent", b"run")[:12],
        git_commit=code_version(),
        taxonomy=taxonomy.version,
        labeller=LABELLER_VERSION,
        encoder=encoder.version,
        redaction=REDACTION_VERSION,
    )
    return labeller, provenance, list(warnings)


def names_notice(readers: Readers, settings: Settings) -> list[str]:
    """What is to be told when names are not recognised."""
    if readers.redactor.finds_names:
        return []
    why = "UNDERCURRENT_NAMES is off" if settings.names == "off" else "the models extra is missing"
    return [f"names are not recognised ({why}): quotes are withheld everywhere"]


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens quotes as text."""

    vault: Vault

    def open(self, tenant: str, sealed: Sealed) -> str | None:
        """The text, or None when its subject was erased."""
        opened = self.vault.open(tenant, sealed)
        return None if opened is None else opened.decode()


def code_version() -> str:
    """The commit of a checkout, else the installed version."""
    root = Path(__file__).parent.parent
    if (root / ".git").exists():
        told = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - git from the path
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode == 0:
            return told.stdout.strip()
    try:
        return f"release-{version('undercurrent')}"
    except PackageNotFoundError:
        return "unknown"
