"""Which few members show what a theme is, and which show where it ends.

In: each member with its similarity to the theme and its subject (a person or account, as a salted hash).
State per theme: a few ids at either end, so it is bounded whatever the theme's size; deterministic, ties
go to the lowest concern id. Representatives are the closest members, each of another subject; counter-
examples are the members that belong least, and the closest concerns that stayed outside.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from models.themes.octets import Reader, Writer

KEPT = 12
"""Ids kept at either end, more than are shown, so that a few retractions leave enough."""


class Candidate(NamedTuple):
    """A concern, how close it is to the theme (cosine), and whose it is."""

    concern_id: str
    similarity: float
    subject: str


@dataclass(slots=True)
class Gallery:
    """The ends of one theme: ``closest`` and ``farthest`` members, and ``outside``: the closest non-members.

    >>> gallery = Gallery()
    >>> gallery.add(Candidate("a", 0.9, "ann")); gallery.add(Candidate("b", 0.8, "ann"))
    >>> gallery.add(Candidate("c", 0.7, "bob")); gallery.representatives(2), gallery.counter_examples(1)
    (['a', 'c'], ['c'])
    """

    closest: list[Candidate] = field(default_factory=list)
    farthest: list[Candidate] = field(default_factory=list)
    outside: list[Candidate] = field(default_factory=list)

    def add(self, member: Candidate, *, new: bool = False) -> None:
        """A concern joined the theme; a ``new`` one has never been in this gallery, so it is not looked for."""
        if not new:
            self._drop(member.concern_id)
        rival = next((n for n, c in enumerate(self.closest) if c.subject == member.subject), None)
        if rival is None or _near_first(member) < _near_first(self.closest[rival]):
            if rival is not None:
                del self.closest[rival]
            _insert(self.closest, member, _near_first)
        _insert(self.farthest, member, _far_first)

    def miss(self, stranger: Candidate) -> None:
        """A concern came closest to this theme, and did not join."""
        self._drop(stranger.concern_id)
        _insert(self.outside, stranger, _near_first)

    def remove(self, concern_id: str) -> None:
        """A concern left the theme, or is gone."""
        self._drop(concern_id)

    def representatives(self, count: int = 3) -> list[str]:
        """The closest members, each of another subject, then the closest of the others."""
        shown = [c.concern_id for c in self.closest[:count]]
        if len(shown) < count:
            others = (c for c in self.farthest if c.concern_id not in shown)
            shown += [c.concern_id for c in sorted(others, key=_near_first)[: count - len(shown)]]
        return shown

    def counter_examples(self, count: int = 2) -> list[str]:
        """The closest concerns outside, then the members that belong least and represent nothing."""
        found = [c.concern_id for c in self.outside[:count]]
        if len(found) < count:
            shown = self.representatives(1)
            least = [c.concern_id for c in self.farthest if c.concern_id not in shown]
            found += least[: count - len(found)]
        return found

    def encode(self) -> str:
        """As JSON-able data: the three ends one after the other, a third shorter than as lists."""
        to = Writer()
        for end in (self.closest, self.farthest, self.outside):
            to.number(len(end))
            for one in end:
                to.text(one.concern_id)
                to.decimal(one.similarity)
                to.text(one.subject)
        return to.done()

    @classmethod
    def decode(cls, encoded: str) -> Gallery:
        """The inverse of ``encode``. Raises ``ValueError`` on what it did not write."""
        source = Reader(encoded)

        def end() -> list[Candidate]:
            count = source.number()
            return [Candidate(source.text(), source.decimal(), source.text()) for _ in range(count)]

        gallery = cls(end(), end(), end())
        source.end()
        return gallery

    def _drop(self, concern_id: str) -> None:
        for end in (self.closest, self.farthest, self.outside):
            for place, candidate in enumerate(end):
                if candidate.concern_id == concern_id:
                    del end[place]
                    break


def _insert(
    end: list[Candidate], candidate: Candidate, order: Callable[[Candidate], tuple[float, str]]
) -> None:
    """Put a candidate into its place in a sorted end, and let go of the last if that is one too many."""
    if len(end) < KEPT or order(candidate) < order(end[-1]):
        insort(end, candidate, key=order)
        del end[KEPT:]


def _near_first(candidate: Candidate) -> tuple[float, str]:
    return -candidate.similarity, candidate.concern_id


def _far_first(candidate: Candidate) -> tuple[float, str]:
    return candidate.similarity, candidate.concern_id
