"""Where concerns and themes are, as orders ask it; answered by the engine's state, or by whoever read the topics."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from contracts.steering import ThemeRef

_SURE = 3
"""Anchors that must agree on a theme, at least, where the order has as many."""


class Places(Protocol):
    """Where everything is now; ids in and out."""

    def theme_of(self, concern_id: str) -> str | None:
        """The theme that a concern is in, through merges; None if it is in none or unknown."""
        ...

    def origin_of(self, concern_id: str) -> str | None:
        """The theme that a concern joined, whatever that is read as."""
        ...

    def knows(self, concern_id: str) -> bool:
        """Whether the concern came and was not retracted."""
        ...

    def has_theme(self, theme_id: str) -> bool:
        """Whether a theme of this id was ever born here."""
        ...

    def chain(self, theme_id: str) -> tuple[str, ...]:
        """A theme, what it was merged into, and so on; the last is what it is read as."""
        ...

    def resolve(self, theme_id: str) -> str:
        """The last of ``chain``; an unknown theme is itself."""
        ...

    def group_of(self, theme_id: str) -> str | None:
        """The language of a theme, None if it is unknown."""
        ...

    def speaks(self, concern_id: str) -> str | None:
        """The language of a concern, None if it is unknown."""
        ...


def meant(ref: ThemeRef, places: Places) -> str | None:
    """The theme that an order means here: the one that most of its anchors are in; None if they do not agree.

    Of the anchors that have a theme more than half must be in it, and three at least where there are as many. Only an
    order without anchors is taken by its theme's id: in another run, the same id may be another theme.
    """
    if not ref.anchors:
        return places.resolve(ref.theme_id) if places.has_theme(ref.theme_id) else None
    votes = Counter(root for one in ref.anchors if (root := places.theme_of(one)) is not None)
    return _agreed(votes, len(ref.anchors))


def meant_origin(ref: ThemeRef, places: Places) -> str | None:
    """As ``meant``, but the theme that the anchors joined, whatever that is read as."""
    if not ref.anchors:
        return ref.theme_id if places.has_theme(ref.theme_id) else None
    votes = Counter(origin for one in ref.anchors if (origin := places.origin_of(one)) is not None)
    return _agreed(votes, len(ref.anchors))


def _agreed(votes: Counter[str], asked: int) -> str | None:
    if not votes:
        return None
    theme, count = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    return theme if 2 * count > votes.total() and count >= min(_SURE, asked) else None
