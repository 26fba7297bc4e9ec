"""Cursors of pollers: how far each stream of each connection was read. They never go back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select, update

from connectors.store.engine import inserting, micros, store_errors, writing
from connectors.store.tables import cursors
from connectors.vendors.port import Cursor


@dataclass(frozen=True, slots=True)
class CursorStore:
    """Reads and saves cursors."""

    engine: Engine

    def read(self, connection: str, stream: str) -> Cursor | None:
        """Where a stream was left; None before its first page."""
        asked = select(cursors.c.state, cursors.c.place).where(*_at(connection, stream))
        with store_errors(), self.engine.connect() as reader:
            row = reader.execute(asked).one_or_none()
        return None if row is None else Cursor(row.state, tuple(row.place))

    def save(self, connection: str, stream: str, cursor: Cursor, now: datetime) -> bool:
        """Save a cursor whose page is durable; False, and nothing changes, when it lies before the saved one."""
        at = _at(connection, stream)
        row: dict[str, Any] = {
            "state": dict(cursor.state),
            "place": list(cursor.order),
            "saved_at": micros(now),
        }
        first = {"connection": connection, "stream": stream, **row}
        with writing(self.engine) as writer:
            # Another process may save the stream's first cursor at this moment: then that one is there before ours.
            writer.execute(inserting(cursors, writer).values(first).on_conflict_do_nothing())
            before = writer.execute(select(cursors.c.place).where(*at).with_for_update()).scalar_one()
            if tuple(before) > cursor.order:
                return False
            writer.execute(update(cursors).where(*at).values(**row))
        return True

    def forget(self, connection: str, stream: str) -> None:
        """Begin a stream anew at the next poll: a person ordered a backfill."""
        with writing(self.engine) as writer:
            writer.execute(delete(cursors).where(*_at(connection, stream)))


def _at(connection: str, stream: str) -> tuple[Any, ...]:
    return cursors.c.connection == connection, cursors.c.stream == stream
