"""What a concern and a theme say in the same words: the engine's ``Lexicon``, and words for a reason.

In: a concern's salted term hashes and the term counts of a theme's family. Out: how much more a theme uses them than
its tenant does, in whole numbers; and which of them a person may be shown. State: none of its own.
"""

from __future__ import annotations

from functools import lru_cache

from models.themes.evidence import milli_log2
from models.themes.keywords import TermCounts, ThemeTerms
from operators.themes.concerns import Concerns
from operators.themes.profiles import Profiles

# Terms of a concern that are looked at; bounds the time that a long concern takes.
MOST_TERMS = 24

_log2 = lru_cache(maxsize=4096)(milli_log2)


class Words:
    """The words of one tenant's concerns and themes, side by side."""

    def __init__(self, concerns: Concerns, profiles: Profiles, terms: ThemeTerms) -> None:
        self._concerns = concerns
        self._profiles = profiles
        self._terms = terms

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """Mean over the concern's terms of log₂(share of the theme's texts with it ÷ share of all texts with it).

        In thousandths; counts are smoothed by a half. None if the concern has no terms or the theme no texts.
        """
        known = self._concerns.table.get(concern_id)
        parts = self._parts(theme_id)
        if known is None or not known.terms or not parts:
            return None
        everywhere, texts = self._terms.everywhere, sum(part.documents for part in parts)
        hashes = known.terms[:MOST_TERMS]
        inside = sum(_log2(1 + 2 * sum(part.rows.get(h, 0) for part in parts)) for h in hashes)
        outside = sum(_log2(1 + 2 * everywhere.rows.get(h, 0)) for h in hashes)
        usual = _log2(2 + 2 * everywhere.documents) - _log2(2 + 2 * texts)
        return (inside - outside) // len(hashes) + usual

    def shared(self, hashes: tuple[int, ...], theme_id: str, most: int) -> list[int]:
        """The concern's terms that several of the theme's texts use, the most telling first; ties by hash."""
        parts, everywhere = self._parts(theme_id), self._terms.everywhere
        found = []
        for h in hashes[:MOST_TERMS]:
            inside = sum(part.rows.get(h, 0) for part in parts)
            if inside >= 2:
                found.append((-inside * inside * 1000 // max(everywhere.rows.get(h, 0), inside), h))
        return [h for _, h in sorted(found)[:most]]

    def _parts(self, theme_id: str) -> list[TermCounts]:
        """The term counts of all that is read as the theme; none for one that has not been told of yet."""
        if theme_id not in self._profiles.table:
            return []
        family = self._profiles.family(self._profiles.root(theme_id))
        return [part for theme in family if (part := self._terms.counts(theme)) is not None]
