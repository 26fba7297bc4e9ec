"""Words that look like names and are not personal: products, platforms, weekdays, interjections (``known.txt``)."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@cache
def _known_words() -> frozenset[str]:
    """The words of ``known.txt``, lower case."""
    lines = files("models.privacy").joinpath("known.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(
        word.strip() for line in lines if not line.startswith("#") for word in line.split(",")
    ) - {""}


def is_known(phrase: str) -> bool:
    """Whether every word of ``phrase`` is known (numbers and single letters count as known, nothing at all does not).

    >>> is_known("Galaxy Note 4"), is_known("Galaxy Smith")
    (True, False)
    """
    words = _WORD.findall(phrase.lower())
    known = _known_words()
    return bool(words) and all(len(w) == 1 or w[0].isdigit() or w in known for w in words)
