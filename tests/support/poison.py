"""Models that raise on texts with a certain word, and fresh steps that ask them: a defect that one item meets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.keys.vault import LocalVault
from models.encoders.base import Vectors
from models.encoders.hashing import KeywordEncoder
from models.toxicity.detector import Toxicity, ToxicityDetector
from operators.budget import RejectPolicy
from operators.extract.step import ExtractStep
from operators.intake.step import IntakeStep
from operators.step import Step
from tests.support.steps import PROVENANCE, labeller, readers

POISON = "xyzzy"


class PoisonedToxicity(ToxicityDetector):
    """Raises on poison; on every text where ``everything``."""

    def __init__(self, *, everything: bool = False) -> None:
        super().__init__()
        self._everything = everything

    def judge(self, texts: Sequence[str]) -> list[Toxicity]:
        for text in texts:
            if self._everything or POISON in text:
                raise ZeroDivisionError(text)
        return super().judge(texts)


class PoisonedEncoder(KeywordEncoder):
    """As ``PoisonedToxicity``."""

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything

    def encode(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if self._everything or POISON in text:
                raise ZeroDivisionError(text)
        return super().encode(texts)


def poisoned_intake(
    vault: LocalVault, rejects: RejectPolicy | None = None, *, everything: bool = False
) -> Step:
    """An intake step whose toxicity model is defective."""
    models = replace(readers(), toxicity=PoisonedToxicity(everything=everything))
    return IntakeStep(vault, models, rejects)


def poisoned_extract(
    vault: LocalVault, rejects: RejectPolicy | None = None, *, everything: bool = False
) -> Step:
    """An extract step whose encoder is defective."""
    return ExtractStep(vault, PoisonedEncoder(everything=everything), labeller(), PROVENANCE, rejects)


MakePoisoned = Callable[..., Step]
STAGES: dict[str, MakePoisoned] = {"journal": poisoned_intake, "redacted": poisoned_extract}
"""The defective step by the topic that it reads."""
