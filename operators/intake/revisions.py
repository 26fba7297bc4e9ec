"""Which delivery of an item counts: new revisions go on, repeats and late old versions do not.

Revisions are ordered by ``source_updated_at``; where one of the two has none, by the journal. An item that its source
deleted stays out until the source says something that it wrote after that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from operators.state import Table

Verdict = Literal["first", "revision", "repeat", "stale"]

RETRACTED = "retracted"
"""The digest of an item that its source deleted; no content has it, as contents' are hexadecimal."""


@dataclass(frozen=True, slots=True)
class Current:
    """The applied revision of an item: its number from 1, its content's digest, when its source changed it.

    ``standing`` is the revision whose concerns are out there: None while there is none (quarantined).
    ``ordinal`` is the journal record that applied it; -1 in state written before that was kept.
    """

    revision: int
    digest: str
    updated_at: datetime | None
    standing: int | None
    ordinal: int = -1

    @property
    def is_retracted(self) -> bool:
        """Whether its source deleted the item, and has not brought it back since."""
        return self.digest == RETRACTED


def _encode(current: Current) -> list[Any]:
    stamp = current.updated_at.isoformat() if current.updated_at else None
    return [current.revision, current.digest, stamp, current.standing, current.ordinal]


def _decode(row: list[Any]) -> Current:
    stamp = datetime.fromisoformat(row[2]) if row[2] else None
    return Current(row[0], row[1], stamp, row[3], *row[4:])


class Revisions:
    """The current revision of every item of one partition; ``table`` is the bulk state."""

    def __init__(self) -> None:
        self.table: Table[Current] = Table(_encode, _decode)

    def judge(self, item: str, digest: str, updated_at: datetime | None) -> Verdict:
        """What this delivery is to what we have."""
        current = self.table.get(item)
        if current is None:
            return "first"
        if current.is_retracted:
            # Only what its source surely wrote after the deletion brings an item back.
            newer = updated_at and current.updated_at and updated_at > current.updated_at
            return "revision" if newer else "stale"
        if updated_at and current.updated_at and updated_at < current.updated_at:
            return "stale"
        return "repeat" if digest == current.digest else "revision"

    def judge_retraction(self, item: str, at: datetime) -> Literal["applies", "repeat", "stale"]:
        """What it is to what we have that the source deleted the item at ``at``."""
        current = self.table.get(item)
        if current is None:
            return "applies"
        if current.is_retracted:
            return "repeat"
        return "stale" if current.updated_at and at < current.updated_at else "applies"

    def confirm(self, item: str, updated_at: datetime | None) -> None:
        """The current content was delivered again: what its source wrote before that is late from now on."""
        current = self.table[item]
        if updated_at and (current.updated_at is None or updated_at > current.updated_at):
            self.table.put(item, replace(current, updated_at=updated_at))

    def current(self, item: str) -> Current | None:
        """The applied revision of the item, None if there is none."""
        return self.table.get(item)

    def apply(self, item: str, digest: str, updated_at: datetime | None, ordinal: int = -1) -> int:
        """Make the delivery at ``ordinal`` the current revision and return its number; what stands is said later."""
        before = self.table.get(item)
        number = before.revision + 1 if before else 1
        stamp = updated_at or (before.updated_at if before else None)
        self.table.put(item, Current(number, digest, stamp, before.standing if before else None, ordinal))
        return number

    def stand(self, item: str, revision: int | None) -> int | None:
        """Say which revision's concerns are out there now; returns which were before."""
        current = self.table[item]
        if current.standing != revision:
            self.table.put(item, replace(current, standing=revision))
        return current.standing
