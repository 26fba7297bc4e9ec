"""What a concern and a theme say in the same words: the engine's ``Lexicon``, and words for a reason.

In: concerns and themes by id. Out: numbers, and terms that enough people have used to be shown. State: none of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from models.themes.keywords import TermCounts, ThemeTerms
from models.themes.shared_words import Usage, overlap_milli, shared_terms, usage
from operators.themes.concerns import Concerns
from operators.themes.profiles import Profiles
from operators.themes.vocabulary import Vocabulary

# Terms looked at for words that may be shown; many are known from too few people.
_CANDIDATES = 6


class Words:
    """The words of one tenant's concerns and themes, side by side."""

    def __init__(
        self, concerns: Concerns, profiles: Profiles, terms: ThemeTerms, vocabulary: Vocabulary
    ) -> None:
        self._concerns = concerns
        self._profiles = profiles
        self._terms = terms
        self._vocabulary = vocabulary
        # What was looked up last, and of what: of an assignment its probability asks first, then its reason.
        self._looked_up: tuple[Any, ...] = ()
        self._used = Usage((), [], [], 0, 0)

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """As ``models.themes.evidence.Lexicon`` says; None too for a concern whose terms are not kept any more."""
        known = self._concerns.table.get(concern_id)
        if known is None:
            return None
        return overlap_milli(self._usage(known.terms, theme_id))

    def shared(self, hashes: Sequence[int], theme_id: str, most: int) -> list[str]:
        """Words of a concern that the theme uses too, those most its own first; single words only."""
        found = shared_terms(self._usage(hashes, theme_id), _CANDIDATES)
        words = map(self._vocabulary.word, found)
        return list(islice((word for word in words if word and " " not in word), most))

    def _usage(self, hashes: Sequence[int], theme_id: str) -> Usage:
        asked = (hashes, theme_id, self._terms.changes, self._profiles.regrouped)
        if asked != self._looked_up:
            self._used = usage(hashes, self._parts(theme_id), self._terms.everywhere)
            self._looked_up = asked
        return self._used

    def _parts(self, theme_id: str) -> list[TermCounts]:
        """The term counts of all that is read as the theme; none of one that nothing has been told of yet."""
        if theme_id not in self._profiles.table:
            return []
        family = self._profiles.family(self._profiles.root(theme_id))
        return [part for theme in family if (part := self._terms.counts(theme)) is not None]
