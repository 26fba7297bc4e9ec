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
        """Remember parts, before the records themselves are durable anywhere; in one transaction."""
        rows = [part._asdict() for part in found]
        with writing(self.engine) as writer:
            for start in range(0, len(rows), _TOGETHER):
                adding = inserting(parts, writer).values(rows[start : start + _TOGETHER])
                writer.execute(adding.on_conflict_do_nothing())

    def of(self, connection: str, parent: str) -> Sequence[str]:
        """The records that belong to ``parent``, in order of their ids."""
        asked = (
            select(parts.c.record)
            .where(parts.c.connection == connection, parts.c.parent == parent)
            .order_by(parts.c.record)
        )
        with store_errors(), self.engine.connect() as reader:
            return list(reader.execute(asked).scalars())
