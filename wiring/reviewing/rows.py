"""Rows of what is known of themes and alerts, by kind and id: in memory, or beside that in a SQLite file.

In:    rows of plain data.   Out: the same rows; of a file, also those of an earlier process.
Rows that were changed are written by ``flush``, so that a row that changes with every record is written once a batch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import orjson

Kind = Literal["theme", "waiting", "proposal", "alert"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS news (kind TEXT, id TEXT, tenant TEXT NOT NULL, told BLOB NOT NULL,
  PRIMARY KEY (kind, id)) WITHOUT ROWID;
"""
"""The table that ``KeptRows`` needs."""


class Row(NamedTuple):
    """One row; whoever changes ``told`` puts it again."""

    id: str
    tenant: str
    told: dict[str, Any]


class Rows:
    """Rows in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Kind, str], Row | None] = {}

    def get(self, kind: Kind, name: str) -> Row | None:
        """The row of that kind and id."""
        return self._rows.get((kind, name))

    def put(self, kind: Kind, row: Row) -> None:
        """Keep a row in place of the one before."""
        self._rows[kind, row.id] = row

    def drop(self, kind: Kind, name: str) -> None:
        """Let go of a row, if there is one."""
        self._rows[kind, name] = None

    def every(self, kind: Kind) -> Iterator[Row]:
        """All rows of a kind, by id."""
        rows = ((key, row) for key, row in self._rows.items() if row is not None and key[0] == kind)
        return (row for _, row in sorted(rows, key=lambda pair: pair[0]))


class KeptRows(Rows):
    """Rows in the table ``news`` of a file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self._db = db
        self._changed: set[tuple[Kind, str]] = set()

    def get(self, kind: Kind, name: str) -> Row | None:
        """See ``Rows``; read when it is first asked for."""
        if (kind, name) not in self._rows:
            asked = "SELECT id, tenant, told FROM news WHERE kind = ? AND id = ?"
            found = self._db.execute(asked, (kind, name)).fetchone()
            self._rows[kind, name] = None if found is None else _row(*found)
        return self._rows[kind, name]

    def put(self, kind: Kind, row: Row) -> None:
        """See ``Rows``."""
        super().put(kind, row)
        self._changed.add((kind, row.id))

    def drop(self, kind: Kind, name: str) -> None:
        """See ``Rows``."""
        super().drop(kind, name)
        self._changed.add((kind, name))

    def every(self, kind: Kind) -> Iterator[Row]:
        """See ``Rows``; those that were flushed."""
        asked = "SELECT id, tenant, told FROM news WHERE kind = ? ORDER BY id"
        return (_row(*found) for found in self._db.execute(asked, (kind,)).fetchall())

    def flush(self) -> None:
        """Write what changed, inside the transaction that is open."""
        for kind, name in sorted(self._changed):
            row = self._rows[kind, name]
            if row is None:
                self._db.execute("DELETE FROM news WHERE kind = ? AND id = ?", (kind, name))
            else:
                told = (kind, name, row.tenant, orjson.dumps(row.told))
                self._db.execute("INSERT OR REPLACE INTO news VALUES (?, ?, ?, ?)", told)
        self.forget()

    def forget(self) -> None:
        """Let go of what is in memory, as after a transaction that failed."""
        self._changed.clear()
        self._rows.clear()


def _row(name: str, tenant: str, told: bytes) -> Row:
    return Row(name, tenant, orjson.loads(told))
