"""Spending in SQLite: one file for all tenants and processes of a machine; what was reserved survives kill -9.

Tables: ``reserved`` has a row for each call under way, ``spent`` a sum for each tenant and day. Settling moves an
amount from the first to the second. A reservation whose process died stays, and counts as spent.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from threading import Lock

from connectors.sqlite import opened, sqlite_errors, transaction
from models.llm.spending import Caps, Refused

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (
  tenant TEXT, day TEXT, micro INTEGER NOT NULL, PRIMARY KEY (tenant, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reserved (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, day TEXT NOT NULL, micro INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS reserved_by_day ON reserved (tenant, day);
"""

_SUM = """
SELECT day, SUM(micro) FROM (
  SELECT day, micro FROM spent WHERE tenant = :tenant AND day BETWEEN :first AND :last
  UNION ALL SELECT day, micro FROM reserved WHERE tenant = :tenant AND day BETWEEN :first AND :last
) GROUP BY day
"""


class SqliteSpendStore:
    """A ``SpendStore`` in one file; safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open or make ``path``. Raises ``StateCorrupt`` if it is no such file, ``StopWorker`` if it cannot be."""
        self._path = path
        self._lock = Lock()
        with self._errors():
            # What was reserved must be on disk before the call is made, or a crash of the machine forgets it.
            self._db = opened(path, _SCHEMA)

    def reserve(self, tenant: str, day: date, amount_micro: int, caps: Caps) -> int | Refused:
        """See ``SpendStore``."""
        with self._errors(), self._writing():
            last = day.replace(day=monthrange(day.year, day.month)[1])
            month = self._sum(tenant, day.replace(day=1), last)
            if sum(month.values()) + amount_micro > caps.monthly_micro:
                return Refused("month", sum(month.values()))
            today = month.get(day, 0)
            if caps.daily_micro is not None and today + amount_micro > caps.daily_micro:
                return Refused("day", today)
            row = (tenant, day.isoformat(), amount_micro)
            told = self._db.execute("INSERT INTO reserved (tenant, day, micro) VALUES (?, ?, ?)", row)
            return int(told.lastrowid or 0)

    def settle(self, reservation: int, spent_micro: int) -> None:
        """See ``SpendStore``; a reservation that was settled before is left alone."""
        with self._errors(), self._writing():
            gone = self._db.execute(
                "DELETE FROM reserved WHERE number = ? RETURNING tenant, day", (reservation,)
            ).fetchone()
            if gone is not None:
                self._db.execute(
                    "INSERT INTO spent (tenant, day, micro) VALUES (?, ?, ?)"
                    " ON CONFLICT (tenant, day) DO UPDATE SET micro = micro + excluded.micro",
                    (*gone, spent_micro),
                )

    def by_day(self, tenant: str, first: date, last: date) -> Mapping[date, int]:
        """See ``SpendStore``."""
        with self._errors(), self._lock:
            return self._sum(tenant, first, last)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _sum(self, tenant: str, first: date, last: date) -> dict[date, int]:
        about = {"tenant": tenant, "first": first.isoformat(), "last": last.isoformat()}
        return {date.fromisoformat(day): micro for day, micro in self._db.execute(_SUM, about)}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The only writer of all threads and processes, whole or not at all."""
        with self._lock, transaction(self._db):
            yield

    def _errors(self) -> AbstractContextManager[None]:
        return sqlite_errors(
            self._path, "put it aside: spending counts from 0 again, so look at the vendor's bill"
        )
