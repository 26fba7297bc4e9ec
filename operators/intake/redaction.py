"""Ask the models about a batch of texts: language, personal data, toxicity. Fail closed, but never stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.errors import RedactionDown
from models.language.detector import LanguageDetector
from models.privacy.base import Redaction
from models.privacy.redactor import Redactor
from models.toxicity.detector import Toxicity, ToxicityDetector


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
    try:
        return list(redactor.redact(texts, languages))
    except Exception:  # noqa: BLE001 - a detector is a foreign library and may raise anything; we fail closed
        return [_redact_alone(redactor, text, lang) for text, lang in zip(texts, languages, strict=True)]


def _redact_alone(redactor: Redactor, text: str, language: str) -> Redaction | None:
    try:
        return redactor.redact([text], [language])[0]
    except Exception as exc:
        if not _canaries_pass(redactor):
            raise RedactionDown(
                "personal data is no longer found in the built-in canaries; nothing passes until redaction"
                f" works again ({type(exc).__name__}); run: undercurrent doctor"
            ) from exc
        return None


def _canaries_pass(redactor: Redactor) -> bool:
    try:
        return redactor.canaries_pass()
    except Exception:  # noqa: BLE001 - a crash on the canaries is a failed canary
        return False
