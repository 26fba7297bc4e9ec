"""Which delivery of an item counts: new revisions go on, repeats and late old versions do not.

Revisions are ordered by ``source_updated_at``; where that does not tell, by the journal. What waited in the bulk lane
lies later in the journal than it was accepted: it gives way to what was accepted after it. An item that its source
deleted stays out until the source says something that it wrote after that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from operators.state import Table

Verdict = Literal["first", "revision", "repeat", "stale"]

RETRACTED = "retracted"
"""The digest of an item that its source deleted; no content has it, as contents' are hexadecimal."""


@dataclass(frozen=True, slots=True)
class Current:
    """The applied revision of an item: its number from 1, its content's digest, when its source changed it.

    ``standing`` is the revision whose concerns are out there: None while there is none (quarantined).
    ``ordinal`` is the journal record that applied it, ``accepted_us`` when its content was last accepted, in
    microseconds since 1970.
    """

    revision: int
    digest: str
    updated_at: datetime | None
    standing: int | None
    ordinal: int = -1
    accepted_us: int = 0

    @property
    def is_retracted(self) -> bool:
        """Whether its source deleted the item, and has not brought it back since."""
        return self.digest == RETRACTED


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _encode(current: Current) -> list[Any]:
    stamp = current.updated_at.isoformat() if current.updated_at else None
    return [current.revision, current.digest, stamp, current.standing, current.ordinal, current.accepted_us]


def _decode(row: list[Any]) -> Current:
    stamp = datetime.fromisoformat(row[2]) if row[2] else None
    return Current(row[0], row[1], stamp, row[3], *row[4:])


class Revisions:
    """The current revision of every item of one partition; ``table`` is the bulk state."""

    def __init__(self) -> None:
        self.table: Table[Current] = Table(_encode, _decode)

    def judge(
        self, item: str, digest: str, updated_at: datetime | None, waited_since: datetime | None = None
    ) -> Verdict:
        """What this delivery is to what we have; ``waited_since``: when it came into the bulk lane, if it did."""
        current = self.table.get(item)
        if current is None:
            return "first"
        if current.is_retracted:
            # Only what its source surely wrote after the deletion brings an item back.
            newer = updated_at and current.updated_at and updated_at > current.updated_at
            return "revision" if newer else "stale"
        if updated_at and current.updated_at and updated_at < current.updated_at:
            return "stale"
        if digest == current.digest:
            return "repeat"
        tells = updated_at and current.updated_at and updated_at != current.updated_at
        overtaken = waited_since is not None and _us(waited_since) < current.accepted_us
        return "stale" if overtaken and not tells else "revision"

    def judge_retraction(self, item: str, at: datetime) -> Literal["applies", "repeat", "stale"]:
        """What it is to what we have that the source deleted the item at ``at``."""
        current = self.table.get(item)
        if current is None:
            return "applies"
        if current.is_retracted:
            return "repeat"
        return "stale" if current.updated_at and at < current.updated_at else "applies"

    def confirm(self, item: str, updated_at: datetime | None, accepted_at: datetime | None = None) -> None:
        """The current content was delivered again: what its source wrote before that is late from now on."""
        current = self.table[item]
        if updated_at and (current.updated_at is None or updated_at > current.updated_at):
            current = replace(current, updated_at=updated_at)
        if updated_at is None and accepted_at and _us(accepted_at) > current.accepted_us:
            current = replace(current, accepted_us=_us(accepted_at))
        if current is not self.table[item]:
            self.table.put(item, current)

    def current(self, item: str) -> Current | None:
        """The applied revision of the item, None if there is none."""
        return self.table.get(item)

    def apply(
        self,
        item: str,
        digest: str,
        updated_at: datetime | None,
        ordinal: int = -1,
        accepted_at: datetime | None = None,
    ) -> int:
        """Make the delivery at ``ordinal`` the current revision and return its number; what stands is said later."""
        before = self.table.get(item)
        number = before.revision + 1 if before else 1
        stamp = updated_at or (before.updated_at if before else None)
        standing = before.standing if before else None
        accepted = _us(accepted_at) if accepted_at else 0
        self.table.put(item, Current(number, digest, stamp, standing, ordinal, accepted))
        return number

    def stand(self, item: str, revision: int | None) -> int | None:
        """Say which revision's concerns are out there now; returns which were before."""
        current = self.table[item]
        if current.standing != revision:
            self.table.put(item, replace(current, standing=revision))
        return current.standing
