"""A gate before the gate: what is deleted at a vendor takes everything with it that was said in it.

In:    what a vendor brought.   Out: the same; for a record that is gone, each of its parts is gone, too.
State: which record belongs to which, in the store, noted before the records are durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.store.parts import PartStore
from connectors.vendors.port import Connection, Gone, Taken, Utterance
from wiring.edge.draining import Gate


@dataclass(frozen=True, slots=True)
class Families:
    """Wraps the gate; ``accept`` is the gate's."""

    gate: Gate
    parts: PartStore

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> object:
        """As the gate's. Raises ``RetryLater``, also where the store is away."""
        parents = {one.record_id: one.parent for one in taken if isinstance(one, Utterance) and one.parent}
        if parents:
            await asyncio.to_thread(self.parts.note, connection.name, parents)
        records: list[Taken] = []
        for one in taken:
            records.append(one)
            if isinstance(one, Gone):
                records += await self._parts_of(connection, one)
        return await self.gate.accept(connection, records, bulk=bulk)

    async def _parts_of(self, connection: Connection, gone: Gone) -> Sequence[Gone]:
        known = await asyncio.to_thread(self.parts.of, connection.name, gone.record_id)
        return [replace(gone, record_id=record) for record in known]
