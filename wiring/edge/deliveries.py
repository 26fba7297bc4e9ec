"""Deliveries that were taken, for many requests at once: one look and one commit for all that wait."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.grouping import Grouped
from connectors.store.deliveries import DeliveryStore

LONGEST_ID = 200

KEPT = timedelta(days=14)
"""Longer than any vendor or program tries again; a copy that comes later still is known by its items."""

FORGET_EVERY = timedelta(hours=1)


class _Asked(NamedTuple):
    """A question, or with ``now`` a note."""

    connection: str
    deliveries: tuple[str, ...]
    now: datetime | None = None


class Deliveries:
    """Remembers deliveries of connections; for one event loop."""

    def __init__(self, store: DeliveryStore) -> None:
        self._store = store
        self._forgot_at: datetime | None = None
        self._work: Grouped[_Asked, frozenset[str]] = Grouped("deliveries", self._do)

    async def seen(self, connection: str, *deliveries: str) -> frozenset[str]:
        """Which of these were taken before. Raises ``RetryLater`` while the store is away."""
        named = {_named(one): one for one in deliveries}
        there = await self._work(_Asked(connection, tuple(named)))
        return frozenset(named[one] for one in there)

    async def note(self, connection: str, *deliveries: str, now: datetime) -> None:
        """Remember them; what they brought is durable."""
        await self._work(_Asked(connection, tuple(map(_named, deliveries)), now))

    def close(self) -> None:
        """Wait for what is under way."""
        self._work.close()

    def _do(self, group: Sequence[_Asked]) -> list[frozenset[str] | Exception]:
        notes = [(one.connection, d, one.now) for one in group if one.now for d in one.deliveries]
        if notes:
            self._store.note_all(notes)
            self._forget(notes[-1][2])
        asked = {(one.connection, d) for one in group if one.now is None for d in one.deliveries}
        there = self._store.seen_of(asked) if asked else set()
        return [
            frozenset(d for d in one.deliveries if one.now is None and (one.connection, d) in there)
            for one in group
        ]

    def _forget(self, now: datetime) -> None:
        """What is older than anybody's copies goes where notes are made, whichever process that is."""
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            self._store.forget_before(now - KEPT)


def _named(delivery: str) -> str:
    """An id that any database can hold: itself, or a hash of one that is too long or not for printing."""
    if len(delivery) <= LONGEST_ID and delivery.isprintable():
        return delivery
    return hashlib.sha256(delivery.encode("utf-8", "surrogatepass")).hexdigest()
