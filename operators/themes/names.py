"""What themes are called: keywords until a model or a person has a name, and another name only for another content.

In: the terms of a theme's members.   Out: what the theme was called and why it is called otherwise now, or nothing.
State: in the profile: the terms that told the theme apart when it was named, and how often that changed (``content``).
The first few concerns of a theme name it badly: at ``SETTLED`` of them, and whenever there are twice as many, its words
are chosen anew, and stay if they are much the same. A person's name is final; a model's stands until the content has
moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contracts.identity import unnamed
from models.themes.keywords import ThemeTerms
from models.themes.wording import LEAST, TERMS, Told, is_as_good, words_of
from operators.themes.profiles import Profile, Profiles
from operators.themes.vocabulary import Vocabulary

CANDIDATES = 12
"""Terms that a label is chosen from; most of them are dropped as repeats or for want of people."""

TELLING = 8
"""Terms that stand for what a theme is about."""

STAYS = 0.5
"""The content has moved when fewer than this share of those terms are still among the theme's ``CANDIDATES``."""

LOOKED_AT_AFTER = 0.1
"""A theme's terms are looked at again once it has grown or shrunk by this share."""

SETTLED = 10
"""Concerns from which on words are worth keeping: most of those of fewer may not be shown yet (``vocabulary``)."""

TOLD_APART_BY = 3
"""More terms that a name may have, where another theme has the same."""

PERSON, MODEL = "person", "model"


class Renaming(NamedTuple):
    """What a theme was called, what it is called now, and why."""

    before: str
    now: str
    why: str


def doublings(concerns: int) -> int:
    """How often ``SETTLED`` concerns have become twice as many; 0 while there are fewer.

    >>> [doublings(concerns) for concerns in (9, 10, 19, 20, 39, 40)]
    [0, 1, 1, 2, 2, 3]
    """
    return (concerns // SETTLED).bit_length()


def name_of(theme: str, profile: Profile) -> str:
    """What a theme is called now."""
    return profile.named or " · ".join(profile.label) or unnamed(theme)


def _is_due(profile: Profile, concerns: int) -> bool:
    """Whether the terms of a theme that has words are worth a look: a full name of a small theme waits."""
    before = profile.labelled_at
    small = before < SETTLED > concerns and len(profile.label) >= LEAST
    return not small and abs(concerns - before) > LOOKED_AT_AFTER * before


class Wording:
    """Chooses the words of themes and families of one tenant."""

    def __init__(self, terms: ThemeTerms, vocabulary: Vocabulary) -> None:
        self._terms = terms
        self._vocabulary = vocabulary

    def told(self, parts: Sequence[str], best: Sequence[int]) -> list[Told]:
        """The terms ``best`` of what has these parts, as far as they may be shown."""
        words = map(self._vocabulary.word, best)
        return [Told(word, *used) for word, used in zip(words, self._terms.usage(parts, best), strict=True)]


class Names:
    """The names of one tenant's themes."""

    def __init__(self, profiles: Profiles, terms: ThemeTerms, vocabulary: Vocabulary) -> None:
        self._profiles = profiles
        self._terms = terms
        self._wording = Wording(terms, vocabulary)
        self._bearers: dict[frozenset[str], set[str]] | None = None
        """Themes by their words, and those that had them once; from the profiles, when first asked for."""

    def refresh(self, theme: str, family: Sequence[str], concerns: int) -> Renaming | None:
        """Look whether other words say better what the theme is about; ``family`` is all that is read as it.

        None when its name stays, and when it is its first.
        """
        profile = self._profiles.table[theme]
        if profile.label and not _is_due(profile, concerns):
            return None
        self._profiles.table.touch(theme)
        before, looked_at, profile.labelled_at = name_of(theme, profile), profile.labelled_at, concerns
        best = self._terms.label(family, CANDIDATES)
        left = len(set(profile.telling) & set(best))
        moved = left < STAYS * len(profile.telling)
        grown = len(profile.label) < LEAST or doublings(concerns) > doublings(looked_at)
        if not moved and not grown:
            return None
        words = self._words(theme, family, best)
        gone = len(profile.telling) - left
        if moved:
            self._leave(profile)
        why = f"{gone} of the {gone + left} terms that set it apart are others now"
        if words:
            profile.telling = list(best[:TELLING])
            if moved or not self._stays(theme, profile, words):
                self._say(theme, profile, words)
        now = name_of(theme, profile)
        if not looked_at or now == before:
            return None
        why = why if moved else "other words say better what it is about"
        return Renaming(before, now, f"{why} ({looked_at} concerns then, {concerns} now)")

    def _leave(self, profile: Profile) -> None:
        """The content is another one: what a model called it was about the old one."""
        if profile.telling and profile.label:
            profile.content += 1
        if profile.named_by == MODEL:
            profile.named, profile.named_by, profile.summary = None, "", None

    def _stays(self, theme: str, profile: Profile, words: Sequence[str]) -> bool:
        """Whether its words are as good as those that would be chosen now: as many, much the same, its own."""
        return is_as_good(profile.label, words) and not self._is_taken(theme, profile.label)

    def _words(self, theme: str, family: Sequence[str], best: Sequence[int]) -> list[str]:
        """Words for the theme that no other theme has, as far as its own terms tell it from the other."""
        told = self._wording.told(family, best)
        words = words_of(told)
        for more in range(1, TOLD_APART_BY + 1):
            if not words or not self._is_taken(theme, words):
                return words
            words = words_of(told, TERMS + more, TERMS + more)
        return words

    def _say(self, theme: str, profile: Profile, words: list[str]) -> None:
        profile.label = words
        if self._bearers is not None:
            self._bearers.setdefault(frozenset(words), set()).add(theme)

    def _is_taken(self, theme: str, words: Sequence[str]) -> bool:
        """Whether another theme that concerns may join has the same words, in any order."""
        if self._bearers is None:
            self._bearers = {}
            for one in self._profiles.table:
                label = frozenset(self._profiles.table[one].label)
                self._bearers.setdefault(label, set()).add(one)
        table, same = self._profiles.table, frozenset(words)
        others = (table[one] for one in self._bearers.get(same, ()) if one != theme)
        return any(other.status == "active" and frozenset(other.label) == same for other in others)

    def order(self, theme: str, name: str | None) -> Renaming:
        """A person names a theme, or takes the name back (None); the order itself says why."""
        before = name_of(theme, self._profiles.table[theme])
        return self.call(theme, name, PERSON) or Renaming(before, before, "")

    def call(self, theme: str, name: str | None, by: str) -> Renaming | None:
        """Somebody (``PERSON`` or ``MODEL``) names a theme, or a person takes the name back (None).

        None when nothing changes: it is called so already, or a person named it and a model is asking.
        """
        profile = self._profiles.table[theme]
        if by == MODEL and profile.named_by == PERSON:
            return None
        before = name_of(theme, profile)
        profile.named, profile.named_by, profile.summary = name, by if name is not None else "", None
        self._profiles.touch(theme)
        now = name_of(theme, profile)
        return None if now == before else Renaming(before, now, "")
