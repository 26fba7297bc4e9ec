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
    changes; ``terms`` are salted hashes, empty once the concern is old.
    """

    item_id: str
    person: str
    at_s: int
    sequence: int
    theme: str | None
    arrival: int
    terms: tuple[int, ...]


def _encode(known: Known) -> list[Any]:
    terms = [f"{term:x}" for term in known.terms]
    return [known.item_id, known.person, known.at_s, known.sequence, known.theme, known.arrival, terms]


def _decode(row: list[Any]) -> Known:
    return Known(row[0], row[1], row[2], row[3], row[4], row[5], tuple(int(term, 16) for term in row[6]))


class Concerns:
    """The concerns of one tenant; ``table`` is the bulk state."""

    def __init__(self) -> None:
        self.table: Table[Known] = Table(_encode, _decode)
        self._with_terms: deque[str] = deque()

    def __contains__(self, concern: str) -> bool:
        return concern in self.table

    def get(self, concern: str) -> Known | None:
        """What is known of a concern, None if nothing."""
        return self.table.get(concern)

    def add(self, concern: str, known: Known) -> None:
        """A concern arrived; the oldest one's terms are let go."""
        self.table.put(concern, known)
        self._with_terms.append(concern)
        while len(self._with_terms) > KEPT_TERMS:
            old = self.table.get(self._with_terms[0])
            if old is not None and old.terms:
                self.table.put(self._with_terms[0], replace(old, terms=()))
            self._with_terms.popleft()

    def change(self, concern: str, theme: str | None) -> Known:
        """The concern's place changed; returns the new row."""
        row = self.table[concern]
        changed = replace(row, theme=theme, sequence=row.sequence + 1)
        self.table.put(concern, changed)
        return changed

    def drop(self, concern: str) -> None:
        """The concern was retracted."""
        self.table.drop(concern)

    def finish_load(self) -> None:
        """Restore the order in which terms are let go."""
        rows = ((self.table[key].arrival, key) for key in self.table if self.table[key].terms)
        self._with_terms = deque(key for _, key in sorted(rows))
