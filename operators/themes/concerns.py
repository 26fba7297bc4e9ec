"""What is kept of each concern once it has been seen: where it is now, and how often that changed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from operators.state import Table

# Concerns whose terms are kept, so that a move takes them along. The theme engine moves only its latest
# 5,000 concerns; what is older keeps its words where it first counted.
KEPT_TERMS = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """A concern that the engine knows.

    ``person`` is whom its theme counts it for (account, else author, else item); ``sequence`` counts its
    changes; ``terms`` are salted hashes, empty once the concern is old. ``near`` is the theme that shows it as
    a counter-example, None if none does.
    """

    item_id: str
    person: str
    at_s: int
    sequence: int
    theme: str | None
    arrival: int
    terms: tuple[int, ...]
    near: str | None = None


def _encode(known: Known) -> list[Any]:
    terms = [f"{term:x}" for term in known.terms]
    place = [known.sequence, known.theme, known.arrival]
    return [known.item_id, known.person, known.at_s, *place, terms, known.near]


def _decode(row: list[Any]) -> Known:
    terms = tuple(int(term, 16) for term in row[6])
    return Known(row[0], row[1], row[2], row[3], row[4], row[5], terms, row[7])


class Concerns:
    """The concerns of one tenant; ``table`` is the bulk state."""

    def __init__(self) -> None:
        self.table: Table[Known] = Table(_encode, _decode)
        # (arrival, concern): by arrival and not by length, so that what a restore no longer lists changes nothing.
        self._with_terms: deque[tuple[int, str]] = deque()

    def __contains__(self, concern: str) -> bool:
        return concern in self.table

    def get(self, concern: str) -> Known | None:
        """What is known of a concern, None if nothing."""
        return self.table.get(concern)

    def add(self, concern: str, known: Known) -> None:
        """A concern arrived; the oldest one's terms are let go."""
        self.table.put(concern, known)
        self._with_terms.append((known.arrival, concern))
        while self._with_terms[0][0] <= known.arrival - KEPT_TERMS:
            _, oldest = self._with_terms.popleft()
            old = self.table.get(oldest)
            if old is not None and old.terms:
                self.table.put(oldest, replace(old, terms=()))

    def change(self, concern: str, theme: str | None) -> Known:
        """The concern's place changed; returns the new row."""
        row = self.table[concern]
        changed = replace(row, theme=theme, sequence=row.sequence + 1)
        self.table.put(concern, changed)
        return changed

    def came_near(self, concern: str, theme: str) -> None:
        """The concern became a counter-example of a theme."""
        self.table.put(concern, replace(self.table[concern], near=theme))

    def drop(self, concern: str) -> None:
        """The concern was retracted."""
        self.table.drop(concern)

    def finish_load(self) -> None:
        """Restore the order in which terms are let go."""
        rows = ((self.table[key].arrival, key) for key in self.table if self.table[key].terms)
        self._with_terms = deque(sorted(rows))
