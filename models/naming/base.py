"""The port for names of themes: what a namer is shown, what it says, and how words it quotes become evidence.

In: a theme's keywords and redacted words of its members.   Out: a ``ThemeNaming``. A namer may be remote, slow and
wrong: its answer acts through the journal only, and what it quotes must stand in what it was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.errors import RejectItem
from contracts.naming import NamingEvidence, ThemeNaming


@dataclass(frozen=True, slots=True)
class Shown:
    """The redacted words of one member."""

    concern_id: str
    text: str


@dataclass(frozen=True, slots=True)
class NamingTask:
    """A theme without a name: ``texts`` are of those closest to its centroid, the closest first; one at least."""

    keywords: tuple[str, ...]
    language: str
    texts: tuple[Shown, ...]


class Namer(Protocol):
    """Names themes; ``model`` and ``prompt`` say which versions, and stand in the answer."""

    @property
    def model(self) -> str:
        """Name and version of what answers."""
        ...

    @property
    def prompt(self) -> str:
        """Name and version of what it is told to do."""
        ...

    def name_one(self, task: NamingTask) -> ThemeNaming:
        """A name with its evidence. Raises ``RetryLater`` (no answer now) or ``RejectItem`` (none that can be used)."""
        ...


def evidence_of(quotes: Sequence[tuple[str, str]], texts: Sequence[Shown]) -> tuple[NamingEvidence, ...]:
    """(concern, quote) as spans of what was shown. Raises ``RejectItem`` where a quote does not stand there.

    >>> evidence_of([("a", "is down")], [Shown("a", "The site is down.")])[0].start
    9
    """
    words = {shown.concern_id: shown.text for shown in texts}
    found = []
    for concern, quote in quotes:
        start = words.get(concern, "").find(quote) if quote else -1
        if start < 0:
            raise RejectItem(f"the answer quotes concern {concern} for what it does not say", reason="quote")
        found.append(NamingEvidence(concern_id=concern, start=start, end=start + len(quote)))
    return tuple(found)
