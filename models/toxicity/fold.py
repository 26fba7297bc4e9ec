"""Undo what people do to words so that filters miss them.

``folded`` writes lower case without accents, turns digits and signs inside words back into letters, joins letters
spelt one by one and shortens stretched ones. Positions are not kept. Pure."""

import re
import unicodedata
from typing import Final

_SIGNS: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "9": "g", "@": "a", "$": "s", "!": "i"}
)
# A word that mixes letters with such signs; it starts with a letter or a sign and is no handle, hash or number.
_MIXED: Final = re.compile(r"(?<![\w@#$])(?=[\w@$!]*[a-z])[a-z0-9$][a-z0-9@$!]*[a-z0-9](?![\w@$])")
_SPELT: Final = re.compile(r"(?<!\w)[a-z](?:[ ._*-]{1,2}[a-z](?!\w)){2,}")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")
_APOSTROPHES: Final = re.compile(r"(?<=[a-z])['’`](?=[a-z])")
_MAX_CHARS: Final = 20_000


def folded(text: str) -> str:
    """Return ``text`` for matching: lower case ASCII-like letters, single spaces.

    >>> folded("You f4gg0t")
    'you faggot'
    >>> folded("k.y.s nooooow")
    'kys noow'
    """
    plain = unicodedata.normalize("NFKD", text[:_MAX_CHARS]).lower()
    plain = "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    plain = _MIXED.sub(lambda word: _letters(word.group()), plain)
    plain = _SPELT.sub(lambda run: re.sub(r"[^a-z]", "", run.group()), plain)
    return " ".join(_STRETCHED.sub(r"\1\1", _APOSTROPHES.sub("", plain)).split())


def _letters(word: str) -> str:
    """A word with signs for letters, as letters; words of one letter and a number (x11, k20, h264) stay."""
    return word if sum(c.isalpha() for c in word) < 2 else word.translate(_SIGNS)
