"""The models of extract: the encoder, and the labeller with its taxonomy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from prometheus_client import Counter

from connectors.keys.vault import LocalVault
from connectors.labelling.table import AnswerTable
from connectors.polling import JournalLine
from contracts.registry import read_stage
from contracts.stages import Provenance, RedactedItem
from models.encoders.ahead import AheadEncoder
from models.encoders.base import Encoder
from models.encoders.guarded import GuardedEncoder
from models.encoders.hashing import KeywordEncoder
from models.encoders.load import load_encoder
from models.labellers.bound import ReviewBound
from models.labellers.local import VERSION as LABELLER_VERSION
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from models.priority.matrix import Matrix, load_matrix
from operators.extract.reading import Standby, texts_to_encode
from operators.extract.step import ExtractStep
from settings import Settings
from wiring.exemplars import ExemplarEncoder
from wiring.stages.made import Made
from wiring.topics import INPUTS
from wiring.version import REDACTION_VERSION, code_version

# Texts whose vectors are kept: a few thousand distinct sentences repeat in support traffic (greetings, forms,
# copied replies); one vector takes 768 bytes.
CACHED_VECTORS = 20_000


ITEMS = Counter("undercurrent_items_extracted_total", "Items of which extract made concerns.")
"""The denominator of a cost per item: ``undercurrent_llm_cost_usd_total`` is the other half."""


def open_labeller(
    vault: LocalVault, keys: Path, encoder: Encoder, settings: Settings
) -> tuple[LocalLabeller, Matrix, Provenance, list[str]]:
    """The local labels, the decision matrix, the versions behind them, and what is to be told of both files.

    ``keys`` is the folder of the key store; beside it the exemplars' vectors are kept.
    """
    taxonomy, warnings = load_taxonomy(settings.taxonomy)
    matrix = load_matrix(settings.matrix)
    warnings = [*warnings, *matrix.warnings(label.name for label in taxonomy.labels)]
    exemplars = ExemplarEncoder(encoder, keys.parent / "exemplars")
    labeller = LocalLabeller(taxonomy, exemplars, review_below=bound_of(settings))
    provenance = Provenance(
        run=vault.digest("undercurrent", b"run")[:12],
        git_commit=code_version(),
        taxonomy=taxonomy.version,
        labeller=LABELLER_VERSION,
        encoder=encoder.version,
        redaction=REDACTION_VERSION,
    )
    return labeller, matrix, provenance, warnings


def bound_of(settings: Settings) -> ReviewBound:
    """Under which confidence people are asked, by tenant."""
    tenants = {name: round(1000 * below) for name, below in settings.review_below_tenants.items()}
    return ReviewBound(round(1000 * settings.review_below), tenants)


def guarded(encoder: Encoder) -> GuardedEncoder:
    """The encoder with a name for its absence, which it must not begin with. Raises ``EncoderAway``."""
    found = GuardedEncoder(encoder)
    found.check()
    return found


def standing_by(keys: Path, settings: Settings) -> Standby:
    """Keywords, for while the encoder is away; their labeller is made when that happens."""
    encoder = KeywordEncoder()

    @cache
    def labeller() -> LocalLabeller:
        taxonomy, _ = load_taxonomy(settings.taxonomy)
        exemplars = ExemplarEncoder(encoder, keys.parent / "exemplars")
        return LocalLabeller(taxonomy, exemplars, review_below=bound_of(settings))

    return Standby(encoder, labeller)


def answers_within(settings: Settings) -> timedelta | None:
    """How long a concern in review waits for a model first; None where none is waited for."""
    minutes = settings.answers_within_minutes
    return timedelta(minutes=minutes) if minutes else None


def open_alone(
    vault: LocalVault, keys: Path, settings: Settings, own_answers: AnswerTable | None = None
) -> Made:
    """Extract as a flow of its own; it is told what it will be given, and encodes that ahead."""
    encoder, notice = load_encoder(settings.encoder)
    guard = guarded(encoder)
    ahead = AheadEncoder(guard, partial(_texts_of, vault), capacity=CACHED_VECTORS)
    labeller, matrix, provenance, warnings = open_labeller(vault, keys, ahead, settings)
    served: set[int] = set()

    def step(partition: int) -> ExtractStep:
        served.add(partition)
        within = answers_within(settings)
        return ExtractStep(
            vault,
            ahead,
            labeller,
            provenance,
            answers_within=within,
            ask_one_in=settings.ask_one_in,
            matrix=matrix,
            own_answers=own_answers,
            standby=standing_by(keys, settings),
            counted=ITEMS.inc,
        )

    def expect(lines: Sequence[JournalLine]) -> None:
        # A line of another partition goes to another process of the group.
        ahead.expect(line for line in lines if line.partition in served)

    return Made(step, (*([notice] if notice else []), *warnings), expect, guard)


def _texts_of(vault: LocalVault, line: JournalLine) -> list[str]:
    """What the encoder will be asked because of a line of extract's input."""
    record = read_stage(INPUTS["extract"], line.data)
    if not isinstance(record, RedactedItem):
        return []
    opened = vault.open(record.tenant, record.text)
    return texts_to_encode(opened.decode()) if opened else []
