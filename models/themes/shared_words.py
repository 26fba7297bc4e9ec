"""How much a concern and a theme speak in the same words, over salted term hashes.

In: a concern's hashes, the term counts of a theme's parts (those merged into it), and of everything the tenant has in
themes. Out: whole numbers and hashes; no text is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from models.themes.evidence import milli_log2
from models.themes.keywords import TermCounts

MOST_TERMS = 24
"""Terms of a concern that are looked at; bounds the time that a long one takes."""


@lru_cache(maxsize=4096)
def _log2_smoothed(texts: int) -> int:
    """Of a count smoothed by a half, twice that."""
    return milli_log2(1 + 2 * texts)


def _texts_with(hashes: Sequence[int], parts: Sequence[TermCounts]) -> list[int]:
    """How many of the theme's texts have each term."""
    if len(parts) == 1:
        count = parts[0].rows.get
        return [count(name, 0) for name in hashes]
    counts = [part.rows.get for part in parts]
    return [sum([count(name, 0) for count in counts]) for name in hashes]


def overlap_milli(hashes: Sequence[int], parts: Sequence[TermCounts], everywhere: TermCounts) -> int | None:
    """Mean over the terms of log₂(share of the theme's texts with it ÷ share of all texts with it), in thousandths.

    Counts are smoothed by a half, texts by one. None if there are no terms or the theme has no texts.
    """
    texts = sum([part.documents for part in parts])
    if not hashes or not texts:
        return None
    first = hashes[:MOST_TERMS]
    inside = sum(map(_log2_smoothed, _texts_with(first, parts)))
    outside = sum(map(_log2_smoothed, _texts_with(first, [everywhere])))
    usual = milli_log2(2 + 2 * everywhere.documents) - milli_log2(2 + 2 * texts)
    return (inside - outside) // len(first) + usual


def shared_terms(
    hashes: Sequence[int], parts: Sequence[TermCounts], everywhere: TermCounts, most: int
) -> list[int]:
    """The terms that at least two texts of the theme have, those most its own first; ties to the lowest hash.

    Score: (texts of the theme)² ÷ (texts of all) that have the term.
    """
    first, common = hashes[:MOST_TERMS], everywhere.rows.get
    found = [
        (-1000 * inside * inside // max(common(name, 0), inside), name)
        for name, inside in zip(first, _texts_with(first, parts), strict=True)
        if inside >= 2
    ]
    return [name for _, name in sorted(found)[:most]]
