"""What themes are called: keywords until a model or a person has a name, and another name only for another content.

In: the terms of a theme's members.   Out: what the theme was called and why it is called otherwise now, or nothing.
State: in the profile: the terms that told the theme apart when it was named, and how often that changed (``content``).
A person's name is final; a model's stands until the content has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from models.themes.keywords import ThemeTerms, render
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

PERSON, MODEL = "person", "model"


class Renaming(NamedTuple):
    """What a theme was called, what it is called now, and why."""

    before: str
    now: str
    why: str


def name_of(theme: str, profile: Profile) -> str:
    """What a theme is called now."""
    return profile.named or " · ".join(profile.label) or f"theme {theme[:8]}"


class Names:
    """The names of one tenant's themes."""

    def __init__(self, profiles: Profiles, terms: ThemeTerms, vocabulary: Vocabulary) -> None:
        self._profiles = profiles
        self._terms = terms
        self._vocabulary = vocabulary

    def refresh(self, theme: str, family: Sequence[str], concerns: int) -> Renaming | None:
        """Look whether the theme is about something else by now; ``family`` is all that is read as it.

        None when its name stays, and when it is its first.
        """
        profile = self._profiles.table[theme]
        if profile.label and abs(concerns - profile.labelled_at) <= LOOKED_AT_AFTER * profile.labelled_at:
            return None
        self._profiles.table.touch(theme)
        before, looked_at, profile.labelled_at = name_of(theme, profile), profile.labelled_at, concerns
        best = self._terms.label(family, CANDIDATES)
        left = len(set(profile.telling) & set(best))
        if profile.label and left >= STAYS * len(profile.telling):
            return None
        gone = len(profile.telling) - left
        self._follow(profile, best)
        now = name_of(theme, profile)
        if not looked_at or now == before:
            return None
        why = f"{gone} of the {gone + left} terms that set it apart are others now"
        return Renaming(before, now, f"{why} ({looked_at} concerns then, {concerns} now)")

    def _follow(self, profile: Profile, best: Sequence[int]) -> None:
        """The content is another one: choose words for it; what a model called it was about the old one."""
        words = render(best, self._vocabulary.word)
        if profile.telling and profile.label:
            profile.content += 1
        if words:
            profile.telling, profile.label = list(best[:TELLING]), words
        if profile.named_by == MODEL:
            profile.named, profile.named_by, profile.summary = None, "", None

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
