"""How much a concern and a theme speak in the same words, over salted term hashes.

In: a concern's hashes, the term counts of a theme's parts (those merged into it), and of everything the tenant has in
themes. Out: whole numbers and hashes; no text is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from models.themes.evidence import milli_log2
from models.themes.keywords import TermCounts

MOST_TERMS = 24
"""Terms of a concern that are looked at; bounds the time that a long one takes."""


class Usage(NamedTuple):
    """How many texts have each of a concern's first terms ``hashes``: of the theme, and of all the tenant has."""

    hashes: Sequence[int]
    inside: list[int]
    outside: list[int]
    texts: int
    """Texts of the theme."""
    everything: int
    """Texts of the tenant."""


def usage(hashes: Sequence[int], parts: Sequence[TermCounts], everywhere: TermCounts) -> Usage:
    """Look up a concern's terms in a theme (its parts) and in all texts, once for everything that is asked of it."""
    first = hashes[:MOST_TERMS]
    texts = sum([part.documents for part in parts])
    return Usage(
        first, _texts_with(first, parts), _texts_with(first, [everywhere]), texts, everywhere.documents
    )


@lru_cache(maxsize=4096)
def _log2_of_more(texts: int) -> int:
    return milli_log2(1 + 2 * texts)


_LOG2_SMOOTHED = [milli_log2(1 + 2 * texts) for texts in range(4096)]
"""Of a count smoothed by a half, twice that; a list, because it is looked up for every term of every concern."""


def _log2_sum(counts: Sequence[int]) -> int:
    tabled = len(_LOG2_SMOOTHED)
    return sum([_LOG2_SMOOTHED[count] if count < tabled else _log2_of_more(count) for count in counts])


def _texts_with(hashes: Sequence[int], parts: Sequence[TermCounts]) -> list[int]:
    """How many of the theme's texts have each term."""
    if len(parts) == 1:
        count = parts[0].rows.get
        return [count(name, 0) for name in hashes]
    counts = [part.rows.get for part in parts]
    return [sum([count(name, 0) for count in counts]) for name in hashes]


def overlap_milli(used: Usage) -> int | None:
    """Mean over the terms of log₂(share of the theme's texts with it ÷ share of all texts with it), in thousandths.

    Counts are smoothed by a half, texts by one. None if there are no terms or the theme has no texts.
    """
    if not used.hashes or not used.texts:
        return None
    usual = milli_log2(2 + 2 * used.everything) - milli_log2(2 + 2 * used.texts)
    return (_log2_sum(used.inside) - _log2_sum(used.outside)) // len(used.hashes) + usual


def shared_terms(used: Usage, most: int) -> list[int]:
    """The terms that at least two texts of the theme have, those most its own first; ties to the lowest hash.

    Score: (texts of the theme)² ÷ (texts of all) that have the term.
    """
    found = [
        (-1000 * inside * inside // (outside if outside > inside else inside), name)
        for name, inside, outside in zip(used.hashes, used.inside, used.outside, strict=True)
        if inside >= 2
    ]
    return [name for _, name in sorted(found)[:most]]
