"""The product's flow: which step each stage runs, on which parts.

One stage per line of ``product_pipeline``; everything a step asks of the world is chosen here.
"""

from __future__ import annotations

import subprocess
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
from operators.themes.audit import AuditTally
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.topics import stage_producers

FLOW = "undercurrent"
"""The flow's name: part of the identity of its state."""

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
    notices = [notice] if notice else []
    readers = open_readers(settings)
    if not readers.redactor.finds_names:
        why = "UNDERCURRENT_NAMES is off" if settings.names == "off" else "the models extra is missing"
        notices.append(f"names are not recognised ({why}): quotes are withheld everywhere")
    taxonomy, warnings = load_taxonomy(settings.taxonomy)
    notices.extend(warnings)
    cached = CachedEncoder(encoder, capacity=CACHED_VECTORS)
    labeller = LocalLabeller(taxonomy, cached, review_below=round(settings.review_below * 1000))
    vault = LocalVault(directory / "keys")
    return Parts(
        vault=vault,
        index=index or open_index(directory, encoder),
        readers=readers,
        encoder=cached,
        labeller=labeller,
        themes=ThemePolicy(),
        priorities=load_policy(settings.rules),
        provenance=Provenance(
            run=vault.digest("undercurrent", b"run")[:12],
            git_commit=code_version(),
            taxonomy=taxonomy.version,
            labeller=LABELLER_VERSION,
            encoder=encoder.version,
            redaction=readers.redaction_version,
        ),
        notices=tuple(notices),
    )


def open_readers(settings: Settings) -> Readers:
    """The models of intake. Raises ``RedactionDown`` when they find nothing where there is something."""
    redactor = default_redactor() if settings.names == "auto" else patterns_only_redactor()
    if not redactor.canaries_pass():
        raise RedactionDown("personal data in the built-in canaries is not found; run: undercurrent doctor")
    return Readers(LanguageDetector(), redactor, ToxicityDetector(), REDACTION_VERSION)


def open_index(directory: Path, encoder: Encoder) -> EdgeIndex:
    """The embedded Qdrant of a data directory, for one encoder."""
    return EdgeIndex(
        directory / "qdrant",
        encoder_version=encoder.version,
        item_dims=encoder.dims,
        theme_dims=ThemePolicy().components,
    )


def memory_index(encoder: Encoder) -> MemoryIndex:
    """An index that is gone with the process, for the reference runner."""
    return MemoryIndex(item_dims=encoder.dims, theme_dims=ThemePolicy().components)


def product_pipeline(parts: Parts, partitions: int) -> Pipeline:
    """journal → intake → redacted → extract → enriched → themes → assignments → priority."""
    return Pipeline(
        name=FLOW,
        stages=(
            Stage("intake", "journal", lambda _p: IntakeStep(parts.vault, parts.readers)),
            Stage(
                "extract",
                "redacted",
                lambda _p: ExtractStep(parts.vault, parts.encoder, parts.labeller, parts.provenance),
            ),
            Stage(
                "themes",
                "enriched",
                lambda _p: ThemesStep(
                    parts.vault, parts.index, parts.encoder.version, parts.themes, parts.audit
                ),
            ),
            Stage(
                "priority", "assignments", lambda p: PrioritiseStep(p, parts.priorities, _Opener(parts.vault))
            ),
        ),
        producers=stage_producers(),
        partitions=partitions,
        decode=read_journal,
    )


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens quotes as text."""

    vault: Vault

    def open(self, tenant: str, sealed: Sealed) -> str | None:
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
