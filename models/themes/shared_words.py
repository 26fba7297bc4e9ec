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

_log2 = lru_cache(maxsize=4096)(milli_log2)


def overlap_milli(hashes: Sequence[int], parts: Sequence[TermCounts], everywhere: TermCounts) -> int | None:
    """Mean over the terms of log₂(share of the theme's texts with it ÷ share of all texts with it), in thousandths.

    Counts are smoothed by a half, texts by one. None if there are no terms or the theme has no texts.
    """
    texts = sum(part.documents for part in parts)
    if not hashes or not texts:
        return None
    first, common = hashes[:MOST_TERMS], everywhere.rows
    inside = sum(_log2(1 + 2 * sum(part.rows.get(h, 0) for part in parts)) for h in first)
    outside = sum(_log2(1 + 2 * common.get(h, 0)) for h in first)
    usual = _log2(2 + 2 * everywhere.documents) - _log2(2 + 2 * texts)
    return (inside - outside) // len(first) + usual


def shared_terms(
    hashes: Sequence[int], parts: Sequence[TermCounts], everywhere: TermCounts, most: int
) -> list[int]:
    """The terms that at least two texts of the theme have, those most its own first; ties to the lowest hash.

    Score: (texts of the theme)² ÷ (texts of all) that have the term.
    """
    found = []
    for name in hashes[:MOST_TERMS]:
        inside = sum(part.rows.get(name, 0) for part in parts)
        if inside >= 2:
            found.append((-1000 * inside * inside // max(everywhere.rows.get(name, 0), inside), name))
    return [name for _, name in sorted(found)[:most]]
