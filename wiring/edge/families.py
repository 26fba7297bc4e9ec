"""A gate before the gate: what is deleted at a vendor takes everything with it that was said in it.

In:    what a vendor brought.   Out: the same; for a record that is gone, each of its parts is gone, too.
State: which record belongs to which, in the store, noted before the records are durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from connectors.grouping import Grouped
from connectors.store.parts import Part, PartStore
from connectors.vendors.port import Connection, Gone, Taken, Utterance
from wiring.edge.draining import Gate


class Families:
    """Wraps the gate; ``accept`` is the gate's. For one event loop."""

    def __init__(self, gate: Gate, parts: PartStore) -> None:
        self._gate = gate
        self._parts = parts
        self._note: Grouped[Sequence[Part], None] = Grouped("parts", self._noted)

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> object:
        """As the gate's. Raises ``RetryLater``, also where the store is away."""
        parts = [
            Part(connection.name, one.record_id, one.parent)
            for one in taken
            if isinstance(one, Utterance) and one.parent
        ]
        if parts:
            await self._note(parts)
        records: list[Taken] = []
        for one in taken:
            records.append(one)
            if isinstance(one, Gone) and not one.parts_stay:
                records += await self._parts_of(connection, one)
        return await self._gate.accept(connection, records, bulk=bulk)

    def close(self) -> None:
        """Wait for what is noted."""
        self._note.close()

    async def _parts_of(self, connection: Connection, gone: Gone) -> Sequence[Gone]:
        known = await asyncio.to_thread(self._parts.of, connection.name, gone.record_id)
        return [replace(gone, record_id=record) for record in known]

    def _noted(self, group: Sequence[Sequence[Part]]) -> list[Exception | None]:
        self._parts.note([part for parts in group for part in parts])
        return [None] * len(group)
