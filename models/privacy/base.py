"""What every detector of personal data speaks: spans, a redaction, and how overlapping findings are resolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Coverage = Literal["full", "structured"]

EMAIL: Final = "EMAIL"
CARD: Final = "CREDIT_CARD"
IBAN: Final = "IBAN"
SSN: Final = "US_SSN"
IP: Final = "IP"
URL: Final = "URL"
PHONE: Final = "PHONE"
LICENSE: Final = "DRIVER_LICENSE"
ACCOUNT: Final = "ACCOUNT"
BIRTH: Final = "BIRTH_DATE"
AGE: Final = "AGE"
ADDRESS: Final = "ADDRESS"
POSTCODE: Final = "POSTCODE"
PERSON: Final = "PERSON"
TITLE: Final = "TITLE"
LOCATION: Final = "LOCATION"
ORGANIZATION: Final = "ORGANIZATION"

# How sure a type is where findings overlap: a format with a check digit is certain, a name in context is a guess.
_CERTAINTY: Final = {
    **dict.fromkeys((EMAIL, CARD, IBAN, SSN, IP, URL), 0),
    **dict.fromkeys((LICENSE, ACCOUNT, BIRTH), 1),
    PHONE: 2,
    **dict.fromkeys((ADDRESS, POSTCODE), 3),
    **dict.fromkeys((TITLE, AGE), 4),
    **dict.fromkeys((PERSON, LOCATION, ORGANIZATION), 5),
}


@dataclass(frozen=True, slots=True, order=True)
class PiiSpan:
    """Characters ``start`` to ``end`` (exclusive, in code points) of a text are personal data of ``type``."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text without its personal data.

    ``spans`` are what was replaced, in the original text's offsets, ascending and disjoint; ``counts`` holds the
    number of replaced spans by type, types ascending; ``coverage`` is ``structured`` when nothing looked for names.
    """

    text: str
    spans: tuple[PiiSpan, ...]
    counts: Mapping[str, int]
    coverage: Coverage


class PiiDetector(Protocol):
    """Finds personal data. An implementation's result for a text must not depend on the other texts."""

    @property
    def finds_names(self) -> bool:
        """Whether names in running text are looked for, which is what makes a coverage ``full``."""

    def reads(self, language: str, /) -> bool:
        """Whether texts of this ISO 639-1 code (or ``und``) can be read."""

    def find(self, texts: Sequence[str], languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return the findings of each text, in any order, possibly overlapping; of unread languages none."""


def resolve(text: str, spans: Sequence[PiiSpan], taken: Sequence[tuple[int, int]] = ()) -> list[PiiSpan]:
    """Return disjoint spans that together cover every alphanumeric character that ``spans`` cover, ascending.

    The more certain type wins, then the longer span, then the earlier. What loses keeps its characters outside the
    winner: a finding is never given up because another one touches it. Characters in ``taken`` belong to nobody.
    """
    owner: list[int] = [-1] * len(text)
    for start, end in taken:
        owner[start:end] = [-2] * (end - start)
    ranked = sorted(set(spans), key=lambda s: (_CERTAINTY.get(s.type, 6), s.start - s.end, s.start, s.type))
    for rank, span in enumerate(ranked):
        for at in range(span.start, span.end):
            if owner[at] == -1:
                owner[at] = rank
    pieces = [_trim(text, piece) for piece in _runs(owner, ranked)]
    return [piece for piece in pieces if piece is not None]


def _runs(owner: Sequence[int], ranked: Sequence[PiiSpan]) -> list[PiiSpan]:
    """Stretches of characters with one owner, ascending."""
    runs: list[PiiSpan] = []
    start = 0
    for at in range(1, len(owner) + 1):
        if at < len(owner) and owner[at] == owner[start]:
            continue
        if owner[start] >= 0:
            runs.append(PiiSpan(ranked[owner[start]].type, start, at))
        start = at
    return runs


def _trim(text: str, span: PiiSpan) -> PiiSpan | None:
    """The span without spaces and separators at its ends; None when no letter or digit is left."""
    start, end = span.start, span.end
    while start < end and not (text[start].isalnum() or text[start] in "+(@"):
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in "./)"):
        end -= 1
    if not any(character.isalnum() for character in text[start:end]):
        return None
    return PiiSpan(span.type, start, end)
