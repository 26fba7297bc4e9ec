"""The gate: everything that comes in at the edge passes it on its way to the journal, and is accepted behind it.

In:    what a connection brought.      Out: sealed journal records in the tenant's partition, or in its bulk lane.
State: how much each tenant sent lately.
Elsewhere: signatures and repeats (``wiring.edge.webhooks``), cursors (``wiring.edge.polling``).

Accepted means durable: ``accept`` returns when keys and records are on disk, of every replica. What cannot be made
durable now is refused with ``RetryLater``, and nothing of it is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from connectors.grouping import Grouped
from connectors.vendors.port import Connection, Hint, Taken
from contracts.identity import partition
from wiring.edge.quotas import Lane, Quotas
from wiring.edge.sealing import Batch, Sealer


class Accepting(Protocol):
    """Appends to the journal and the bulk topic from many requests at once."""

    @property
    def trouble(self) -> str | None:
        """Why the last append failed; None when it did not."""
        ...

    async def append(self, topic: str, partition: int, lines: Sequence[bytes]) -> None:
        """Make records of ``journal`` or ``bulk`` durable, in order. Raises ``RetryLater`` or ``WrongUsage``."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch: how many records lie in which lane, and how many hints were passed on."""

    records: int
    hints: int
    lane: Lane


def _no_fetcher(_connection: Connection, _hint: Hint) -> None:
    """Nobody asks vendors here: the next poll finds what a hint was about."""


def _now() -> datetime:
    return datetime.now(UTC)


class Gate:
    """Takes what any connection brings; for one event loop.

    ``on_hint`` is told of each hint once the rest of its batch is durable; it must not wait.
    """

    def __init__(
        self,
        sealer: Sealer,
        accepting: Accepting,
        partitions: int,
        *,
        quotas: Quotas | None = None,
        now: Callable[[], datetime] = _now,
        on_hint: Callable[[Connection, Hint], None] = _no_fetcher,
    ) -> None:
        self._seal: Grouped[Batch, list[bytes]] = Grouped("sealing", sealer.seal)
        self._accepting = accepting
        self._partitions = partitions
        self._quotas = quotas or Quotas()
        self._now = now
        self.on_hint = on_hint

    @property
    def trouble(self) -> str | None:
        """Why nothing can be accepted at the moment, as far as the last try told; None when it could."""
        return self._accepting.trouble

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> Accepted:
        """Make what a connection brought durable, in order; ``bulk`` for history, which is in no hurry.

        Raises ``QuotaExceeded`` for a tenant that floods and ``RetryLater`` while the broker is away or what waits for
        it fills its memory: then send all of it again later.
        """
        records = [one for one in taken if not isinstance(one, Hint)]
        hints = [one for one in taken if isinstance(one, Hint)]
        lane: Lane = "bulk" if bulk else "journal"
        if records:
            place = partition(connection.tenant, self._partitions)
            lane = self._quotas.lane(connection.tenant, len(records), partition=place, bulk=bulk)
            lines = await self._seal(Batch(connection, records, self._now(), waits=lane == "bulk"))
            await self._accepting.append(lane, place, lines)
        for hint in hints:
            self.on_hint(connection, hint)
        return Accepted(len(records), len(hints), lane)

    def close(self) -> None:
        """Wait for the batch that is sealed."""
        self._seal.close()
