"""Feedback that customers' own programs send: batches through the gate, each item once.

An item is known by its ``external_id``, or by the request's idempotency key and its place in it. What was sent before,
word for word, counts as a duplicate; the same id with other words is a revision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from connectors.vendors.port import Connection, Utterance
from contracts.errors import RejectItem
from wiring.edge.deliveries import Deliveries
from wiring.edge.gate import Gate
from wiring.edge.keys import Digest

SOURCE = "api"
"""The source of items that name none."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item that fits: its source, its id there if it has one, and the fields of a ``FeedbackBody``."""

    index: int
    source: str
    external_id: str | None
    body: Mapping[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """Takes batches; for one event loop."""

    gate: Gate
    deliveries: Deliveries
    digest: Digest
    now: Callable[[], datetime]

    async def take(self, tenant: str, items: Sequence[Item], idempotency_key: str | None) -> Taken:
        """Make a batch durable.

        Raises ``RejectItem`` (reason ``idempotency``) when the key came with another batch before, ``RetryLater`` and
        ``QuotaExceeded`` as the gate does.
        """
        book = _book(tenant)
        if idempotency_key is not None:
            key, whole = self._request_marks(tenant, idempotency_key, items)
            seen = await self.deliveries.seen(book, key, whole)
            if whole in seen:
                return Taken(0, len(items))
            if key in seen:
                raise RejectItem("this Idempotency-Key came with another body before", reason="idempotency")
        marks = {one.index: self._mark(tenant, one) for one in items if one.external_id is not None}
        seen = await self.deliveries.seen(book, *marks.values()) if marks else frozenset()
        fresh: dict[str, Item] = {}
        for one in items:
            mark = marks.get(one.index, f"{one.index}")
            if mark not in seen:
                fresh.setdefault(mark, one)
        await self._accept(tenant, list(fresh.values()), idempotency_key)
        notes = [mark for mark in fresh if mark in set(marks.values())]
        if idempotency_key is not None and items:  # what was refused whole may come corrected under its key
            notes += self._request_marks(tenant, idempotency_key, items)
        if notes:
            await self.deliveries.note(book, *notes, now=self.now())
        return Taken(len(fresh), len(items) - len(fresh))

    async def _accept(self, tenant: str, items: Sequence[Item], idempotency_key: str | None) -> None:
        """Source by source: each is a connection of its own to the gate."""
        by_source: dict[str, list[Utterance]] = {}
        for one in items:
            record = f"id {one.external_id}" if one.external_id else f"key {idempotency_key}/{one.index}"
            by_source.setdefault(one.source, []).append(Utterance(record, one.body, one.happened_at, SOURCE))
        for source, said in by_source.items():
            await self.gate.accept(Connection(SOURCE, source, tenant), said)

    def _mark(self, tenant: str, item: Item) -> str:
        told = [item.source, item.external_id, item.body]
        return "item " + self.digest(tenant, orjson.dumps(told, option=orjson.OPT_SORT_KEYS))

    def _request_marks(self, tenant: str, key: str, items: Sequence[Item]) -> tuple[str, str]:
        hashed = self.digest(tenant, key.encode())
        whole = self.digest(tenant, "\n".join(self._mark(tenant, one) for one in items).encode())
        return f"key {hashed}", f"key {hashed} {whole}"


def _book(tenant: str) -> str:
    return "api:" + hashlib.sha256(tenant.encode()).hexdigest()[:32]
