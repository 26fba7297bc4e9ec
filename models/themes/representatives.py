"""Which few members show what a theme is, and which show where it ends.

In: each member with its similarity to the theme and its subject (a person or account, as a number).
State per theme: a few ids at either end, so it is bounded whatever the theme's size (0.5 KB written down);
deterministic, ties go to the lowest concern id. Representatives are the closest members, each of another subject;
counter-examples are the members that belong least, and the closest concerns that stayed outside.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from models.themes.octets import Reader, Writer

KEPT = 6
"""Ids kept at either end, twice as many as are shown, so that a few retractions leave enough."""


class Candidate(NamedTuple):
    """A concern, how close it is to the theme (cosine, four decimals), and whose it is (32 bits).

    Of two people in a gallery, one in 300 million pairs is taken for one; then the closer of their concerns is shown.
    """

    concern_id: str
    similarity: float
    subject: int


@dataclass(slots=True)
class Gallery:
    """The ends of one theme: ``closest`` and ``farthest`` members, and ``outside``: the closest non-members.

    >>> gallery = Gallery()
    >>> gallery.add(Candidate("a", 0.9, 1)); gallery.add(Candidate("b", 0.8, 1))
    >>> gallery.add(Candidate("c", 0.7, 2)); gallery.representatives(2), gallery.counter_examples(1)
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
        _insert(self.farthest, _anybody(member), _far_first)

    def miss(self, stranger: Candidate) -> None:
        """A concern came closest to this theme, and did not join."""
        self._drop(stranger.concern_id)
        _insert(self.outside, _anybody(stranger), _near_first)

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
        """As JSON-able data: the three ends one after the other; whose they are is asked of the closest alone."""
        to = Writer()
        for end in (self.closest, self.farthest, self.outside):
            to.number(len(end))
            for one in end:
                to.text(one.concern_id)
                to.decimal(one.similarity)
        for one in self.closest:
            to.octets(one.subject.to_bytes(4, "little"))
        return to.done()

    @classmethod
    def decode(cls, encoded: str) -> Gallery:
        """The inverse of ``encode``. Raises ``ValueError`` on what it did not write."""
        source = Reader(encoded)

        def end() -> list[Candidate]:
            count = source.number()
            return [Candidate(source.text(), source.decimal(), 0) for _ in range(count)]

        gallery = cls(end(), end(), end())
        gallery.closest = [
            one._replace(subject=int.from_bytes(source.octets(), "little")) for one in gallery.closest
        ]
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


def _anybody(one: Candidate) -> Candidate:
    """Whose it is does not count at this end, and is not kept."""
    return Candidate(one.concern_id, one.similarity, 0)


def _near_first(candidate: Candidate) -> tuple[float, str]:
    return -candidate.similarity, candidate.concern_id


def _far_first(candidate: Candidate) -> tuple[float, str]:
    return candidate.similarity, candidate.concern_id
