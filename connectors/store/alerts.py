"""Alerts of the outbox on their way to a place that people read: who says one there now, and what goes with it.

Several processes may hold alerts for one destination; one at a time says something there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Engine, and_, func, or_, select, update

from connectors.store.engine import in_turn, micros, store_errors, writing
from connectors.store.outbox import Effect, change_own, effect_of, micros_of
from connectors.store.tables import outbox

SPEAKING = "it is being said"
"""Why a claimed alert holds up others: until it is settled nobody knows when it was said."""


@dataclass(frozen=True, slots=True)
class AlertStore:
    """Rows of the outbox that are alerts; any number of processes at once."""

    engine: Engine

    def said_last(self, destination: str, since: datetime) -> int | None:
        """When an alert was said there last, if since then; microseconds."""
        of = (outbox.c.destination == destination, outbox.c.verb == "alert", outbox.c.state == "done")
        asked = select(func.max(outbox.c.changed_at)).where(*of, outbox.c.changed_at > micros(since))
        with store_errors(), self.engine.connect() as reader:
            found: int | None = reader.execute(asked).scalar_one()
        return found

    def speaks(self, effect: Effect, now: datetime) -> bool:
        """Note that a claimed alert is being said; False while another one is at its destination, not settled yet."""
        at = micros(now)
        there = (
            outbox.c.destination == effect.destination,
            outbox.c.verb == "alert",
            outbox.c.id != effect.id,
        )
        speaking = (outbox.c.state == "sending", outbox.c.reason == SPEAKING, outbox.c.lease_until > at)
        with writing(self.engine) as writer:
            in_turn(writer, f"alerts {effect.destination}")
            if writer.execute(select(outbox.c.id).where(*there, *speaking).limit(1)).first() is not None:
                return False
            return change_own(writer, effect, {"reason": SPEAKING})

    def join(
        self, effect: Effect, now: datetime, *, lease_s: float, since: datetime, most: int
    ) -> list[Effect]:
        """Claim what else is to be said at a claimed alert's destination, also what was claimed together with it.

        None that happened before ``since``. Whoever holds such a row finds its lease gone (``renew`` says False).
        """
        at, lease = micros(now), uuid4().hex
        held = {"state": "sending", "lease": lease, "lease_until": at + micros_of(lease_s), "changed_at": at}
        waiting = and_(outbox.c.state == "pending", outbox.c.next_at <= at)
        beside = and_(outbox.c.state == "sending", outbox.c.lease == effect.lease)
        with writing(self.engine) as writer:
            rows = writer.execute(
                select(outbox)
                .where(
                    outbox.c.destination == effect.destination,
                    outbox.c.tenant == effect.tenant,
                    outbox.c.verb == "alert",
                    outbox.c.id != effect.id,
                    outbox.c.happened_at >= micros(since),
                    or_(waiting, beside),
                )
                .order_by(outbox.c.urgency, outbox.c.place, outbox.c.id)
                .limit(most)
                .with_for_update(skip_locked=True, of=outbox)
            ).all()
            if rows:
                writer.execute(update(outbox).where(outbox.c.id.in_([row.id for row in rows])).values(held))
        return [effect_of(row, **held) for row in rows]

    def said(self, tenant: str, theme_id: str, before: int) -> list[Effect]:
        """Alerts about a theme that went out before a time."""
        about = (outbox.c.tenant == tenant, outbox.c.theme_id == theme_id, outbox.c.taken_at < before)
        sent = (outbox.c.verb == "alert", outbox.c.state == "done")
        asked = select(outbox).where(*about, *sent).order_by(outbox.c.taken_at, outbox.c.id)
        with store_errors(), self.engine.connect() as reader:
            return [effect_of(row) for row in reader.execute(asked)]
