"""The categories that people ordered for each tenant, kept in the file of ``index``.

In:    orders, as the journal has them.   Out: what stands of them, the latest of each name, where it was ordered first.
State: a table of the file, sealed under the tenant's own key.
"""

from __future__ import annotations

import sqlite3

from pydantic import TypeAdapter

from contracts.commands import AddLabel
from contracts.feedback import TENANT_SUBJECT
from models.labellers.added import Added, with_label
from wiring.reviewing.seals import Seals

SCHEMA = "CREATE TABLE IF NOT EXISTS labels (tenant TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;\n"
"""The table that ``KeptLabels`` needs."""

_LABELS: TypeAdapter[Added] = TypeAdapter(Added)


class KeptLabels:
    """Rows in the table ``labels`` of a file; raises what SQLite raises."""

    def __init__(self, db: sqlite3.Connection, seals: Seals) -> None:
        self._db = db
        self._seals = seals

    def add(self, tenant: str, order: AddLabel) -> None:
        """Take an order into account, inside the transaction that is open."""
        orders = with_label(tuple(self.every().get(tenant, ())), order)
        sealed = self._seals.seal(tenant, TENANT_SUBJECT, _LABELS.dump_json(orders, exclude_none=True))
        if sealed is not None:
            self._db.execute("INSERT OR REPLACE INTO labels VALUES (?, ?)", (tenant, sealed))

    def every(self) -> dict[str, Added]:
        """What was ordered for each tenant that still has its key."""
        rows = self._db.execute("SELECT tenant, told FROM labels").fetchall()
        opened = ((tenant, self._seals.opened(tenant, told)) for tenant, told in rows)
        return {tenant: _LABELS.validate_json(said) for tenant, said in opened if said is not None}
