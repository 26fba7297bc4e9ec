"""What people order of dead letters: each is redriven or dropped once, and only while it is dead.

A letter is dead while nothing newer of its item was applied, and nobody has dealt with it yet.
"""

from __future__ import annotations

from typing import Literal

from contracts.identity import cause_of, ordinal_of, partition_of
from operators.intake.revisions import Current
from operators.state import Table

Refusal = Literal["repeat", "stale"]
"""Why a redrive changes nothing: what it would do was done, or something newer counts."""

Dealt = Literal["redriven", "dropped"]


class Letters:
    """The letters of one partition that were dealt with; ``table`` is the bulk state."""

    def __init__(self) -> None:
        self.table: Table[Dealt] = Table()

    def take(self, letter: str) -> Refusal | None:
        """Note that the letter is redriven now; why that changes nothing, if it was dealt with before."""
        dealt = self.table.get(letter)
        if dealt is not None:
            return "repeat" if dealt == "redriven" else "stale"
        self.table.put(letter, "redriven")
        return None

    def drop(self, letter: str) -> None:
        """Note that the letter was given up; what was dealt with before stays as it is."""
        if letter not in self.table:
            self.table.put(letter, "dropped")


def refusal(letter: str, place: str, digest: str, current: Current | None) -> Refusal | None:
    """Why what came with ``letter`` no longer counts at ``place``, given its item's current revision; None if it does.

    ``digest`` is that of the content. A letter of another partition (of a record whose tenant nobody could tell) has no
    place in this order: it counts only while nothing is known of the item.
    """
    if current is None:
        return None
    here = partition_of(letter) == partition_of(place)
    if digest == current.digest and not _failed_behind(letter, current, here=here):
        return "repeat"
    return None if here and current.ordinal <= ordinal_of(letter) else "stale"


def _failed_behind(letter: str, current: Current, *, here: bool) -> bool:
    """Whether the current revision is what this letter holds: it was applied, and then could not go on."""
    if not here or current.ordinal != ordinal_of(letter):
        return False
    by_intake = letter.startswith(f"{cause_of(letter)}-intake-")
    return current.standing is None if by_intake else True
