"""Read past how a text is written: wide letters and digits, dashes of every kind, characters that show nothing.

``４１１１``, ``202‑555‑0143`` (dashes that no line breaks at) and an address with a joiner inside are what they look
like; formats are looked for in the folded text, and what is found is told in the offsets of the text as it is.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.privacy.base import PiiSpan

# Marks that show nothing of their own, beside the format characters (Cf): joiners, variants, the frame of a keycap.
_SHOW_NOTHING = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x20E3, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)))
)
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as a reader takes it; ``places`` are its characters' indices in the original, None where all are the same.

    >>> fold("ａ＠b\u200d.org").text
    'a@b.org'
    """

    text: str
    places: tuple[int, ...] | None = None

    def unfolded(self, spans: Iterable[PiiSpan]) -> Iterator[PiiSpan]:
        """``spans`` of the folded text in the offsets of the original; what shows nothing inside one belongs to it."""
        for span in spans:
            if self.places is None:
                yield span
            else:
                yield PiiSpan(span.type, self.places[span.start], self.places[span.end - 1] + 1)


def fold(text: str) -> Folded:
    """``text`` with one plain character for each that looks like it, and none for those that show nothing."""
    if text.isascii():
        return Folded(text)
    plain = [_plain(character) for character in text]
    if all(plain):
        return Folded("".join(plain))
    places = tuple(at for at, character in enumerate(plain) if character)
    return Folded("".join(plain), places)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """What a character counts as: itself, one of ASCII, or nothing."""
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Cf" or character in _SHOW_NOTHING:
        return ""
    if category == "Pd" or character == _MINUS:
        return "-"
    if category == "Zs":
        return " "
    as_ascii = unicodedata.normalize("NFKC", character)
    return as_ascii if len(as_ascii) == 1 and as_ascii.isascii() else character
