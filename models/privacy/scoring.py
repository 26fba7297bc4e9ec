"""How well a redactor finds personal data in labelled texts.

A row holds ``text`` and ``spans`` of ``{type, start, end}``. Definitions, per span of characters:
- *structured recall*: of the labelled cards, e-mails, phones, IBANs, SSNs, IPs and URLs, the share of which at least
  half of the characters are redacted as the right type;
- *character recall*: of all characters inside labelled spans of any type, the share redacted as any type;
- *precision*: of all redacted spans, the share that has at least half of its characters inside labelled spans of any
  type; *character precision* is the same by characters."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.privacy.base import CARD, EMAIL, IBAN, IP, PHONE, SSN, URL, PiiSpan
from models.privacy.redactor import Redactor

# How labelled sets call the structured types.
STRUCTURED: Final = {
    "CREDIT_CARD": CARD,
    "EMAIL_ADDRESS": EMAIL,
    "EMAIL": EMAIL,
    "PHONE_NUMBER": PHONE,
    "PHONE": PHONE,
    "IBAN_CODE": IBAN,
    "IBAN": IBAN,
    "US_SSN": SSN,
    "SSN": SSN,
    "IP_ADDRESS": IP,
    "IP": IP,
    "DOMAIN_NAME": URL,
    "URL": URL,
}


@dataclass(frozen=True, slots=True)
class TypeScore:
    """One labelled type: spans, the share found as the right type (structured types only), the share half covered."""

    n: int
    recall: float | None
    covered: float


@dataclass(frozen=True, slots=True)
class RedactionScore:
    """Figures of ``score_redaction``; shares are 0 to 1, ``texts_per_s`` is 0 when no clock was given."""

    structured_recall: float
    char_recall: float
    precision: float
    char_precision: float
    by_type: Mapping[str, TypeScore]
    texts_per_s: float
    n: int


def score_redaction(
    rows: Sequence[Mapping[str, Any]],
    redactor: Redactor,
    *,
    languages: Sequence[str] | None = None,
    clock: Callable[[], float] = float,
) -> RedactionScore:
    """Redact every row and compare with its labels, by the definitions above.

    ``languages`` is one code per row (English when absent); ``clock`` returns seconds and times the redaction alone.
    """
    texts = [str(row["text"]) for row in rows]
    began = clock()
    redactions = redactor.redact(texts, languages or ["en"] * len(texts))
    seconds = clock() - began
    tally = _Tally()
    for row, redaction in zip(rows, redactions, strict=True):
        tally.add([PiiSpan(s["type"], s["start"], s["end"]) for s in row["spans"]], redaction.spans)
    return tally.score(len(texts), seconds)


class _Tally:
    """Counts over rows."""

    def __init__(self) -> None:
        self.chars: Counter[str] = Counter()  # gold, predicted, both
        self.predicted = 0
        self.right = 0
        self.n: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        self.typed: Counter[str] = Counter()

    def add(self, gold: Sequence[PiiSpan], found: Sequence[PiiSpan]) -> None:
        """Count one row."""
        gold_chars = {at for span in gold for at in range(span.start, span.end)}
        type_at = {at: span.type for span in found for at in range(span.start, span.end)}
        self.chars.update(gold=len(gold_chars), found=len(type_at), both=len(gold_chars & type_at.keys()))
        for span in gold:
            inside = [type_at.get(at) for at in range(span.start, span.end)]
            self.n[span.type] += 1
            self.covered[span.type] += 2 * sum(t is not None for t in inside) >= len(inside)
            self.typed[span.type] += 2 * inside.count(STRUCTURED.get(span.type, "")) >= len(inside)
        for span in found:
            self.predicted += 1
            self.right += (
                2 * sum(at in gold_chars for at in range(span.start, span.end)) >= span.end - span.start
            )

    def score(self, n: int, seconds: float) -> RedactionScore:
        """The figures so far."""
        structured = [kind for kind in self.n if kind in STRUCTURED]
        by_type = {
            kind: TypeScore(
                self.n[kind],
                self.typed[kind] / self.n[kind] if kind in STRUCTURED else None,
                self.covered[kind] / self.n[kind],
            )
            for kind in sorted(self.n)
        }
        return RedactionScore(
            structured_recall=_share(
                sum(self.typed[k] for k in structured), sum(self.n[k] for k in structured)
            ),
            char_recall=_share(self.chars["both"], self.chars["gold"]),
            precision=_share(self.right, self.predicted),
            char_precision=_share(self.chars["both"], self.chars["found"]),
            by_type=by_type,
            texts_per_s=n / seconds if seconds > 0 else 0.0,
            n=n,
        )


def _share(part: int, whole: int) -> float:
    """``part`` of ``whole``; nothing of nothing is all of it."""
    return part / whole if whole else 1.0
