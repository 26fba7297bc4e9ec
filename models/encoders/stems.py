"""Words of a text, cut to rough stems: what keyword vectors and cue rules count.

Promise: a pure function of the text. Stems are for matching, never shown; suffixes of English are cut,
other languages keep their words whole.
"""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"<[A-Z_]+_\d+>|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
PLACEHOLDER = re.compile(r"<[A-Z_]+_\d+>")

# Function words of English, German, Spanish, Portuguese and French.
STOPWORDS = frozenset(
    re.split(
        r"\s+",
        """a aber about after again al all also am an and any are as at auch auf avec be because been before
being but by can com como con could da dans das de del dem den der des did die do does doing done
down du each ein eine el elle em en es est et eu even ever every for from für get gets getting go
goes going got had has have having he her here him his how i i'd i'll i'm i've ich if il im in into
is ist it it's its itself je just la las le les let like lo los lot ma made mais make mas me meu mi
minha mit mon more most much muy my myself na ne nicht no noch nor not now nur não o of off on once
one only or os other our out over own para pas pero please por pour put que qui really s same se she
should sie so some still su such sur t than that that's the their them then there these they they're
thing things this those through to too try um uma un una und under une until up us use used using
very von want was way we well wenn were what when where which while who why will wir with would y
you you're your yours zu""",
    )
)

# Longest first; what remains keeps at least three letters.
_SUFFIXES = (
    "ations",
    "ation",
    "ingly",
    "ments",
    "ings",
    "ment",
    "edly",
    "ally",
    "ies",
    "ing",
    "ers",
    "ed",
    "es",
    "er",
    "ly",
    "s",
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A rough stem of one lower-case word.

    >>> [stem(word) for word in ("crashes", "crashing", "payments", "stopped")]
    ['crash', 'crash', 'pay', 'stop']
    """
    for suffix in _SUFFIXES:
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= 3 and not word.endswith(("ss", "us")):
            if suffix == "ies":
                return rest + "y"
            if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz":
                return rest[:-1]
            return rest
    return word


def words(text: str) -> list[str]:
    """Lower-case words and numbers in order, placeholders left out.

    >>> words("Can't log in, <EMAIL_1> twice!")
    ["can't", 'log', 'in', 'twice']
    """
    return [word.lower().replace("’", "'") for word in WORD.findall(text) if not PLACEHOLDER.fullmatch(word)]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order: no stop word, no number."""
    return [
        stem(word) for word in words(text) if word not in STOPWORDS and len(word) > 1 and not word.isdigit()
    ]
