"""Words that look like names and are not personal, and words that stand in a name's place.

``known.txt``: products, platforms, weekdays, interjections. ``not_names.txt``: what follows "Dear" or "my name is"
without being a name. Both are data files beside this module."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_SEPARATOR: Final = re.compile(r"[\s,]+")


@cache
def _words(name: str) -> frozenset[str]:
    """The words of a data file: separated by commas or space, comment lines left out."""
    lines = files("models.privacy").joinpath(name).read_text(encoding="utf-8").splitlines()
    text = " ".join(line for line in lines if not line.startswith("#"))
    return frozenset(_SEPARATOR.split(text)) - {""}


def is_known(phrase: str) -> bool:
    """Whether every word of ``phrase`` is known (numbers and single letters count as known, nothing at all does not).

    >>> is_known("Galaxy Note 4"), is_known("Galaxy Smith")
    (True, False)
    """
    words = _WORD.findall(phrase.lower())
    known = _words("known.txt")
    return bool(words) and all(len(w) == 1 or w[0].isdigit() or w in known for w in words)


def cannot_be_name(word: str) -> bool:
    """Whether ``word`` is no part of a name: a product, a function word, a greeting.

    >>> cannot_be_name("Support,"), cannot_be_name("Rubija")
    (True, False)
    """
    return word.strip(".,;:!?'’\"()").lower() in _words("not_names.txt") or is_known(word)
