"""Words that everybody will read: names of themes, reasons of orders.

Promise: what holds an e-mail address, a number of a person … is refused, naming the field and never what it holds.
"""

from __future__ import annotations

from contracts.errors import WrongUsage


def without_personal_data(**texts: str) -> None:
    """Refuse words that everybody will read with an e-mail address, a number of a person … in them.

    Names of people are not looked for. Raises ``WrongUsage`` naming the field, never what it holds.
    """
    from models.privacy.redactor import Redactor  # lists need not wait for it
    from models.privacy.structured import StructuredDetector

    found = Redactor([StructuredDetector()]).redact(list(texts.values()), ["und"] * len(texts))
    for field, redaction in zip(texts, found, strict=True):
        if kinds := sorted({span.type for span in redaction.spans} - {"URL"}):
            what = ", ".join(kinds).lower().replace("_", " ")
            raise WrongUsage(f"{field}: holds personal data ({what}) and is read by everybody; leave it out")
