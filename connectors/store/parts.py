"""Which records belong to which record of a vendor: a conversation's messages, a ticket's comments.

A vendor that deletes a conversation names the conversation alone; what was said in it has to go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Engine, select

from connectors.store.engine import inserting, store_errors, writing
from connectors.store.tables import parts

# SQLite's bound of parameters (32,766) over the columns of a row.
_TOGETHER = 5_000


class Part(NamedTuple):
    """One record of a connection, and the record that it is a part of."""

    connection: str
    record: str
    parent: str


@dataclass(frozen=True, slots=True)
class PartStore:
    """Remembers parts. Ids only; nothing of what was said."""

    engine: Engine

    def note(self, found: Sequence[Part]) -> None:
        """Remember parts, before the records themselves are durable anywhere; in one transaction.

        One that moved to another record (two that were merged) belongs to that from now on.
        """
        rows = [part._asdict() for part in {(part.connection, part.record): part for part in found}.values()]
        with writing(self.engine) as writer:
            for start in range(0, len(rows), _TOGETHER):
                adding = inserting(parts, writer).values(rows[start : start + _TOGETHER])
                moved = parts.c.parent != adding.excluded.parent
                told = {"parent": adding.excluded.parent}
                key = [parts.c.connection, parts.c.record]
                writer.execute(adding.on_conflict_do_update(index_elements=key, set_=told, where=moved))

    def of(self, connection: str, parent: str) -> Sequence[str]:
        """The records that belong to ``parent``, in order of their ids."""
        asked = (
            select(parts.c.record)
            .where(parts.c.connection == connection, parts.c.parent == parent)
            .order_by(parts.c.record)
        )
        with store_errors(), self.engine.connect() as reader:
            return list(reader.execute(asked).scalars())
