"""Words that everybody will read: names of themes, reasons of orders, categories.

Promise: what holds an e-mail address, a number of a person … is refused, naming the field and never what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contracts.errors import WrongUsage

if TYPE_CHECKING:
    from models.privacy.redactor import Redactor


def without_personal_data(**texts: str) -> None:
    """Refuse words that everybody will read with an e-mail address, a number of a person … in them.

    Names of people are not looked for. Raises ``WrongUsage`` naming the field, never what it holds.
    """
    from models.privacy.redactor import Redactor  # lists need not wait for it
    from models.privacy.structured import StructuredDetector

    refuse_personal_data(texts, Redactor([StructuredDetector()]))


def refuse_personal_data(texts: Mapping[str, str], redactor: Redactor) -> None:
    """Refuse what this redactor finds in the texts, by field, links apart. Raises ``WrongUsage`` as above."""
    found = redactor.redact(list(texts.values()), ["und"] * len(texts))
    for field, redaction in zip(texts, found, strict=True):
        if kinds := sorted({span.type for span in redaction.spans} - {"URL"}):
            what = ", ".join(kinds).lower().replace("_", " ")
            raise WrongUsage(f"{field}: holds personal data ({what}) and is read by everybody; leave it out")
