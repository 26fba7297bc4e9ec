"""Webhook deliveries that were taken: a vendor that sends one again, or somebody who replays it, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select, tuple_

from connectors.store.engine import inserting, micros, store_errors, writing
from connectors.store.tables import deliveries

# Pairs of one question: PostgreSQL takes 65,535 parameters, and of so many pairs its stack is too short.
_TOGETHER = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """Remembers ids of deliveries."""

    engine: Engine

    def seen(self, connection: str, delivery: str) -> bool:
        """Whether this delivery was taken before."""
        asked = select(deliveries.c.seen_at).where(
            deliveries.c.connection == connection, deliveries.c.delivery == delivery
        )
        with store_errors(), self.engine.connect() as reader:
            return reader.execute(asked).first() is not None

    def seen_of(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which ``(connection, delivery)`` pairs were taken before."""
        key = tuple_(deliveries.c.connection, deliveries.c.delivery)
        wanted, found = list(pairs), set[tuple[str, str]]()
        with store_errors(), self.engine.connect() as reader:
            for start in range(0, len(wanted), _TOGETHER):
                some = key.in_(wanted[start : start + _TOGETHER])
                asked = select(deliveries.c.connection, deliveries.c.delivery).where(some)
                found |= {(row.connection, row.delivery) for row in reader.execute(asked)}
        return found

    def note(self, connection: str, delivery: str, now: datetime) -> None:
        """Remember a delivery once what it brought is durable; before that a crash must let it come again."""
        self.note_all([(connection, delivery, now)])

    def note_all(self, taken: Iterable[tuple[str, str, datetime]]) -> None:
        """As ``note``, for ``(connection, delivery, now)``, in one transaction."""
        rows = [{"connection": c, "delivery": d, "seen_at": micros(now)} for c, d, now in taken]
        with writing(self.engine) as writer:
            writer.execute(inserting(deliveries, writer).on_conflict_do_nothing(), rows)

    def forget_before(self, moment: datetime) -> int:
        """Forget what is older than any vendor's retries; how many."""
        with writing(self.engine) as writer:
            return writer.execute(delete(deliveries).where(deliveries.c.seen_at < micros(moment))).rowcount
