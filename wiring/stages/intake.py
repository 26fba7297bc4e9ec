"""The models of intake: languages, personal data, toxicity."""

from __future__ import annotations

from connectors.keys.vault import LocalVault
from contracts.errors import RedactionDown
from models.language.detector import LanguageDetector
from models.privacy.redactor import default_redactor, patterns_only_redactor
from models.toxicity.detector import ToxicityDetector
from operators.intake.redaction import Readers
from operators.intake.step import IntakeStep
from settings import Settings
from wiring.stages.made import Made
from wiring.version import REDACTION_VERSION


def open_readers(settings: Settings) -> Readers:
    """The models of intake. Raises ``RedactionDown`` when they find nothing where there is something."""
    redactor = default_redactor() if settings.names == "auto" else patterns_only_redactor()
    if not redactor.canaries_pass():
        raise RedactionDown("personal data in the built-in canaries is not found; run: undercurrent doctor")
    return Readers(LanguageDetector(), redactor, ToxicityDetector(), REDACTION_VERSION)


def names_notice(readers: Readers, settings: Settings) -> list[str]:
    """What is to be told when names are not recognised."""
    if readers.redactor.finds_names:
        return []
    why = "UNDERCURRENT_NAMES is off" if settings.names == "off" else "the models extra is missing"
    return [f"names are not recognised ({why}): quotes are withheld everywhere"]


def open_alone(vault: LocalVault, settings: Settings) -> Made:
    """Intake as a flow of its own."""
    readers = open_readers(settings)
    return Made(lambda _p: IntakeStep(vault, readers), tuple(names_notice(readers, settings)))
