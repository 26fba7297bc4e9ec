"""How late it is with each tenant, by the ticks of the topics, kept in the file of ``index``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from contracts.envelope import EVERYONE
from contracts.feedback import Tick

Clock = Callable[[str], datetime | None]
"""How late it is with a tenant; None where nothing has told."""

SCHEMA = "CREATE TABLE IF NOT EXISTS clock (tenant TEXT PRIMARY KEY, at TEXT) WITHOUT ROWID;\n"
"""The table that ``KeptClocks`` needs."""


class KeptClocks:
    """Rows in the table ``clock`` of a file; raises what SQLite raises."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, tick: Tick) -> None:
        """Take a tick into account, inside the transaction that is open; time never goes back."""
        told = "INSERT INTO clock VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)"
        self._db.execute(told, (tick.tenant, tick.event_time.isoformat()))

    def read(self) -> Clock:
        """How late it is, as of now."""
        told = self._db.execute("SELECT tenant, at FROM clock").fetchall()
        clocks = {tenant: datetime.fromisoformat(at) for tenant, at in told}
        every = clocks.get(EVERYONE)

        def now(tenant: str) -> datetime | None:
            own = clocks.get(tenant)
            return max(own, every) if own and every else own or every

        return now
