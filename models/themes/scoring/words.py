"""The words of a labelled stream, for an engine that is played without the operator that counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.themes.changes import Assigned, Change, Merged, Moved
from models.themes.keywords import ThemeTerms, terms
from models.themes.members import concern_hash
from models.themes.shared_words import overlap_milli, usage


class HeardWords:
    """The engine's ``Lexicon`` for a labelled stream: counts the terms of what has been assigned."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._terms = ThemeTerms()
        self._texts = texts
        self._hashes: dict[str, tuple[int, ...]] = {}
        self._where: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """As ``models.themes.evidence.Lexicon`` says."""
        family = [theme_id, *self._parts.get(theme_id, [])]
        parts = [part for theme in family if (part := self._terms.counts(theme)) is not None]
        return overlap_milli(usage(self._words(concern_id), parts, self._terms.everywhere))

    def listen(self, changes: Sequence[Change]) -> None:
        """Take note of what was assigned, moved and merged."""
        for change in changes:
            if isinstance(change, Merged):
                gone = [change.from_theme, *self._parts.pop(change.from_theme, [])]
                self._parts.setdefault(change.into_theme, []).extend(gone)
            elif isinstance(change, Assigned | Moved):
                theme = change.theme_id if isinstance(change, Assigned) else change.to_theme
                words = self._words(change.concern_id)
                if change.concern_id in self._where:
                    self._terms.subtract(self._where[change.concern_id], words)
                self._terms.add(theme, words)
                self._where[change.concern_id] = theme

    def _words(self, concern_id: str) -> tuple[int, ...]:
        if concern_id not in self._hashes:
            said = terms(self._texts[concern_id], "en")
            self._hashes[concern_id] = tuple(map(concern_hash, said))
        return self._hashes[concern_id]
