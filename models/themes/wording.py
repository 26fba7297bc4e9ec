"""Which of a theme's telling terms make its name.

In: terms, the most telling first, each with how many of the theme's texts have it.   Out: the words of a name.
A name has three terms that do not repeat each other. Words that say little alone (``thin_words``), and what is said
everywhere, are taken only where a name would have one term otherwise. State: none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from models.themes.keywords import stem
from models.themes.thin_words import THIN_WORDS

TERMS = 3
"""Terms of a name, where there are so many."""
LEAST = 2
"""A name with fewer takes words that say little."""
PHRASES_AMONG = 6
"""Best terms of a theme among which a two-word term may stand for its words."""
PHRASE_SHARE = 0.4
"""Share of the texts with a word that must have the two-word term, for it to stand for the word."""

_LEAST_ROOT = 5
"""Letters from which on a word that another begins with is a form of it."""


class Told(NamedTuple):
    """A term as it may be shown."""

    term: str | None
    """None where too few people have used it."""
    texts: int
    """Texts of the theme that have it."""
    everywhere: bool = False
    """Whether so many of the tenant's other texts have it that it sets nothing apart."""


def words_of(told: Sequence[Told], most: int = TERMS, least: int = LEAST) -> list[str]:
    """Up to ``most`` terms of ``told`` (the most telling first), none of which repeats a word of another.

    A word gives its place to the first two-word term with it among the best six that enough of its texts have. Thin
    terms come only while there are fewer than ``least`` others.

    >>> words_of([Told("charge", 9), Told("refund", 7), Told("ten", 7), Told("page", 5), Told("charged twice", 5)])
    ['charged twice', 'refund', 'page']
    """
    known = [one for one in told if one.term is not None]
    phrases = [one for one in told[:PHRASES_AMONG] if one.term is not None and " " in one.term]
    phrases = [one for one in phrases if not is_thin(str(one.term))]
    chosen: list[str] = []
    taken: frozenset[str] = frozenset()
    for thin in (False, True):
        for one in known:
            term = str(one.term)
            if len(chosen) >= (least if thin else most):
                break
            if (one.everywhere or is_thin(term)) == thin and not _repeats(_roots(term), taken):
                chosen.append(next(_fuller(one, phrases, taken), term))
                taken |= _roots(chosen[-1])
        if len(chosen) >= least:
            break
    return chosen


def _fuller(word: Told, phrases: Sequence[Told], taken: frozenset[str]) -> Iterator[str]:
    """The phrases that may stand for a word."""
    roots = _roots(str(word.term))
    for phrase in phrases if " " not in str(word.term) else ():
        fuller = _roots(str(phrase.term))
        if roots <= fuller and phrase.texts >= PHRASE_SHARE * word.texts and not _repeats(fuller, taken):
            yield str(phrase.term)


@lru_cache(maxsize=8192)
def is_thin(term: str) -> bool:
    """Whether a term says little of what a theme is about: one of its words is a month, a number, "show", …"""
    return not THIN_WORDS.isdisjoint(term.split())


def is_like(name: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the words of two names are the same for more than half of the longer one.

    >>> is_like(["dark mode", "theme"], ["dark mode", "themes", "night"]), is_like(["dark"], ["dark mode", "night"])
    (True, False)
    """
    one, two = (frozenset[str]().union(*map(_roots, terms)) for terms in (name, other))
    return 2 * sum(_repeats({word}, two) for word in one) > max(len(one), len(two))


def is_as_good(name: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a name may stay where ``other`` would be chosen now: as many terms or more, and much the same."""
    return len(name) >= len(other) and is_like(name, other)


def _repeats(one: Collection[str], two: Collection[str]) -> bool:
    """Whether a word of the one is a form of a word of the other: "withdraw" and "withdrawal", not "car" and "card"."""
    for a in one:
        if a in two:
            return True
        for b in two:
            if (a.startswith(b) or b.startswith(a)) and len(a) >= _LEAST_ROOT <= len(b):
                return True
    return False


@lru_cache(maxsize=8192)
def _roots(term: str) -> frozenset[str]:
    """What the forms of each word of a term share: of "fees" it is "fee", of "top-up" it is "top"."""
    return frozenset(map(_root, term.split()))


def _root(word: str) -> str:
    head = word.split("-")[0]
    root = stem(head if len(head) > 2 else word)
    return root[:-1] if len(root) > 3 and root.endswith("s") else root
