"""Replace personal data by typed placeholders.

In:  plain texts and their languages.  Out: one ``Redaction`` each, in order.
Laws: a placeholder is stable within its text (the same value gets the same number, numbers follow first appearance);
      no found value is left anywhere in its text; a text's result does not depend on its neighbours; placeholders that
      are already there are kept and their numbers are not given again.
Errors of a detector pass through: whoever calls must not let the text on (``canaries_pass`` tells which is broken,
the item or the detectors). State: none."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from models.privacy.addresses import AddressDetector
from models.privacy.base import PERSON, Coverage, PiiDetector, PiiSpan, Redaction, resolve
from models.privacy.blocks import BlockDetector
from models.privacy.canaries import CANARIES, Canary
from models.privacy.cues import CueDetector, is_name_part
from models.privacy.ner import load_ner
from models.privacy.structured import StructuredDetector

PLACEHOLDER: Final = re.compile(r"<([A-Z][A-Z_]*)_(\d{1,6})>")
_UNDETERMINED: Final = "und"
# An undetermined text of so few words is read by every detector and holds no sentence that one could misread.
_FEW_WORDS: Final = 3
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
_WORD: Final = re.compile(r"\w")
# Values shorter than this are not looked for elsewhere in the text: "Al" is in too many words' neighbourhoods.
_LEAST_REPEATED: Final = 3


class Redactor:
    """Runs ``detectors`` over texts and puts placeholders where they find something.

    >>> redactor = Redactor([StructuredDetector()])
    >>> redactor.redact(["jo@example.org or jo@example.org"], ["en"])[0].text
    '<EMAIL_1> or <EMAIL_1>'
    """

    def __init__(self, detectors: Sequence[PiiDetector], canaries: Sequence[Canary] = CANARIES) -> None:
        self._detectors = tuple(detectors)
        self._canaries = tuple(canaries)

    @property
    def finds_names(self) -> bool:
        """Whether any detector looks for names in running text."""
        return any(detector.finds_names for detector in self._detectors)

    def redact(self, texts: Sequence[str], languages: Sequence[str]) -> list[Redaction]:
        """Return ``texts`` without personal data; ``languages`` are ISO 639-1 codes or ``und``, one per text."""
        found: list[list[PiiSpan]] = [[] for _ in texts]
        for detector in self._detectors:
            for spans, more in zip(found, detector.find(texts, languages), strict=True):
                spans.extend(more)
        return [
            _redaction(text, spans, self._coverage(text, language))
            for text, spans, language in zip(texts, found, languages, strict=True)
        ]

    def canaries_pass(self) -> bool:
        """Whether every planted value that the detectors are made for disappears from the built-in canaries."""
        canaries = [c for c in self._canaries if self.finds_names or not c.needs_names]
        try:
            redactions = self.redact([c.text for c in canaries], [c.language for c in canaries])
        except Exception:  # noqa: BLE001 -- whatever a detector raises, the answer to "does redaction work?" is no
            return False
        return not any(
            value in redaction.text
            for c, redaction in zip(canaries, redactions, strict=True)
            for value in c.values
        )

    def _coverage(self, text: str, language: str) -> Coverage:
        """``full`` when a detector of names reads the language and the language is known or the text is tiny."""
        if not any(d.finds_names and d.reads(language) for d in self._detectors):
            return "structured"
        if language == _UNDETERMINED and len(_WORDS.findall(text)) > _FEW_WORDS:
            return "structured"
        return "full"


def default_redactor() -> Redactor:
    """All detectors that this installation has; without the ``models`` extra nothing looks for names."""
    ner = load_ner()
    detectors: list[PiiDetector] = [StructuredDetector(), AddressDetector(), BlockDetector(), CueDetector()]
    return Redactor(detectors if ner is None else [*detectors, ner])


def patterns_only_redactor() -> Redactor:
    """Without the name recogniser, whether it is installed or not: every coverage is ``structured``."""
    return Redactor([StructuredDetector(), AddressDetector(), BlockDetector(), CueDetector()])


def _redaction(text: str, found: Sequence[PiiSpan], coverage: Coverage) -> Redaction:
    """The text with its disjoint findings replaced."""
    taken = [match.span() for match in PLACEHOLDER.finditer(text)]
    first = resolve(text, found, taken)
    spans = resolve(text, [*first, *_repetitions(text, first)], taken)
    numbers = _numbers(text, spans)
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += [text[at : span.start], f"<{span.type}_{numbers[_value(text, span)]}>"]
        at = span.end
    counts: Mapping[str, int] = dict(sorted(Counter(span.type for span in spans).items()))
    return Redaction("".join([*parts, text[at:]]), tuple(spans), counts, coverage)


def _numbers(text: str, spans: Sequence[PiiSpan]) -> dict[tuple[str, str], int]:
    """A number for each value, per type, from one (or from behind the highest that the text already holds)."""
    last: Counter[str] = Counter()
    for kind, number in PLACEHOLDER.findall(text):
        last[kind] = max(last[kind], int(number))
    numbers: dict[tuple[str, str], int] = {}
    for span in spans:
        value = _value(text, span)
        if value not in numbers:
            last[span.type] += 1
            numbers[value] = last[span.type]
    return numbers


def _value(text: str, span: PiiSpan) -> tuple[str, str]:
    """What makes two findings the same: type and wording, letter case and spacing aside."""
    return span.type, " ".join(text[span.start : span.end].casefold().split())


def _repetitions(text: str, spans: Sequence[PiiSpan]) -> list[PiiSpan]:
    """Every other place where a found value, or a part of a found person's name, stands as a word of its own."""
    values: dict[str, str] = {}
    for span in spans:
        value = text[span.start : span.end]
        values.setdefault(value, span.type)
        if span.type == PERSON:
            for part in value.split():
                if is_name_part(part):
                    values.setdefault(part.strip(".,"), PERSON)
    return [
        PiiSpan(kind, start, start + len(value))
        for value, kind in values.items()
        if len(value) >= _LEAST_REPEATED
        for start in _occurrences(text, value)
    ]


def _occurrences(text: str, value: str) -> Iterator[int]:
    """Where ``value`` starts in ``text`` as a word of its own (``str.find``: thousands of values stay fast)."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if not _WORD.match(text[max(0, start - 1) : start]) and not _WORD.match(text[end : end + 1]):
            yield start
        start = text.find(value, start + 1)
