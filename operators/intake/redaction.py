"""Ask the models about a batch of texts: language, personal data, toxicity. Fail closed, but never stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.errors import RedactionDown
from models.language.detector import LanguageDetector
from models.privacy.base import Redaction
from models.privacy.redactor import Redactor
from models.toxicity.detector import Toxicity, ToxicityDetector
from operators.isolation import Poisoned, each_apart


@dataclass(frozen=True, slots=True)
class Readers:
    """The models that intake asks; ``redaction_version`` tags every redacted item."""

    language: LanguageDetector
    redactor: Redactor
    toxicity: ToxicityDetector
    redaction_version: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models say of one text; ``redaction`` is None when it failed on this text alone."""

    language: str
    redaction: Redaction | None
    toxicity: Toxicity


def read_texts(readers: Readers, texts: Sequence[str]) -> list[Reading]:
    """One reading per text, whatever the batch.

    Raises ``RedactionDown`` when redaction fails and the built-in canaries are not found either.
    """
    if not texts:
        return []
    languages = readers.language.detect(texts)
    redactions = _redact(readers.redactor, texts, languages)
    toxicities = readers.toxicity.judge(texts)
    return [
        Reading(language, redaction, toxicity)
        for language, redaction, toxicity in zip(languages, redactions, toxicities, strict=True)
    ]


def _redact(redactor: Redactor, texts: Sequence[str], languages: Sequence[str]) -> list[Redaction | None]:
    def ask(pairs: Sequence[tuple[str, str]]) -> Sequence[Redaction]:
        return redactor.redact([text for text, _ in pairs], [language for _, language in pairs])

    found = each_apart(ask, list(zip(texts, languages, strict=True)))
    for failed in found:
        if isinstance(failed, Poisoned):
            _stop_if_down(redactor, failed)
    return [None if isinstance(one, Poisoned) else one for one in found]


def _stop_if_down(redactor: Redactor, failed: Poisoned) -> None:
    """One text that cannot be redacted is put aside; a redactor that does not work at all stops the stage."""
    if not redactor.canaries_pass():
        raise RedactionDown(
            "personal data is no longer found in the built-in canaries; nothing passes until redaction"
            f" works again ({failed.exception}); run: undercurrent doctor"
        )
