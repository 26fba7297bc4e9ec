"""Effects on the outside, before they happen: each is a row first, is claimed by one process, and ends in one state.

A row's id is a function of what it does, so taking the same record twice makes one row. States::

    proposed ─ a person ─► pending ⇄ sending ─► done            observed   (nothing was to be done)
        └────────────────► cancelled ◄─┴──► manual ─ a person ─► pending, done or cancelled

A claim is a lease: a process that dies gives its rows back when it ends, and one that was only slow finds its lease
gone (``settle`` says False) and has changed nothing. Rows about the same thing are claimed in their order, one at a
time. Payloads are sealed, go when the effect is done, and hold no quote for longer than ``quotes_until``; what they
quote is noted in ``evidence``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, Select, and_, exists, func, or_, select, update

from connectors.store.engine import inserting, leave_the_disk, micros, store_errors, writing
from connectors.store.issues import Tracked, note
from connectors.store.tables import outbox, pauses, quotas
from contracts.errors import StateCorrupt

State = Literal["observed", "proposed", "pending", "sending", "done", "manual", "cancelled"]
UNFINISHED: tuple[State, ...] = ("proposed", "pending", "sending", "manual")
Verb = Literal["open", "recur", "reopen", "relink", "sweep", "withdraw", "alert"]
Autonomy = Literal["observe", "suggest", "act"]

REASON_CHARS = 500


@dataclass(frozen=True, slots=True)
class Effect:
    """One row. Times are microseconds since 1970; ``payload`` is sealed; ``memo`` is what an attempt left behind.

    ``happened_at`` of an alert is when it became known, from which on it grows old.
    """

    id: str
    tenant: str
    destination: str
    kind: str
    verb: Verb
    about: str
    place: int
    record_id: str
    state: State
    autonomy: Autonomy
    happened_at: int
    taken_at: int
    changed_at: int
    theme_id: str | None = None
    urgency: int = 3
    decided_by: str | None = None
    decided_at: int | None = None
    attempts: int = 0
    next_at: int = 0
    lease: str | None = None
    lease_until: int | None = None
    reason: str = ""
    is_outage: bool = False
    is_charged: bool = False
    memo: Mapping[str, Any] = field(default_factory=dict)
    payload: str | None = None
    has_quotes: bool = False
    quotes_until: int = 0


_FIELDS = tuple(Effect.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class OutboxStore:
    """Rows of the outbox; any number of processes at once."""

    engine: Engine

    def add(self, effects: Sequence[Effect]) -> int:
        """Make rows; how many are new. What is there already stays as it is."""
        if not effects:
            return 0
        with writing(self.engine) as writer:
            return insert(writer, effects)

    def claim(
        self, now: datetime, *, lease_s: float, most: int, each: int = 4, but: Collection[str] = ()
    ) -> list[Effect]:
        """Take what is due, the most urgent first, for ``lease_s`` seconds; nobody else gets it meanwhile.

        At most ``each`` of a destination, none of destinations in ``but``: one that hangs must not hold up others.
        """
        at, lease = micros(now), uuid4().hex
        held = {"state": "sending", "lease": lease, "lease_until": at + micros_of(lease_s), "changed_at": at}
        with writing(self.engine) as writer:
            first = select(outbox.c.id).where(
                _is_due(at), ~_is_blocked(), ~_is_paused(at), _is_elsewhere(but)
            )
            order = (outbox.c.urgency, outbox.c.next_at, outbox.c.place, outbox.c.id)
            rank = func.row_number().over(partition_by=outbox.c.destination, order_by=order)
            ranked = first.add_columns(rank.label("rank")).subquery()
            fair = select(ranked.c.id).where(ranked.c.rank <= each)
            # Asked again in the outer query: a row that another process took meanwhile is seen as it is then.
            due = writer.execute(
                select(outbox)
                .where(outbox.c.id.in_(fair), _is_due(at))
                .order_by(*order)
                .limit(most)
                .with_for_update(skip_locked=True, of=outbox)
            ).all()
            if due:
                writer.execute(update(outbox).where(outbox.c.id.in_([row.id for row in due])).values(held))
        return [effect_of(row, **held) for row in due]

    def renew(self, effect: Effect, until: datetime) -> bool:
        """Hold a claim for longer; False when it is lost."""
        with writing(self.engine) as writer:
            return change_own(writer, effect, {"lease_until": micros(until)})

    def settle(self, effect: Effect, now: datetime, **changes: Any) -> bool:
        """Change a row that is claimed, and give the claim back unless it goes on; False when it was lost."""
        goes_on = changes.pop("goes_on", False)
        if "reason" in changes:
            changes["reason"] = str(changes["reason"])[:REASON_CHARS]
        if not goes_on:
            changes |= {"lease": None, "lease_until": None}
        with writing(self.engine) as writer:
            return change_own(writer, effect, {**changes, "changed_at": micros(now)})

    def charge(self, effect: Effect, month: str, quota: int) -> bool:
        """Count a claimed effect in its tenant's month, once; False when ``quota`` are used up."""
        if effect.is_charged:
            return True
        at = (quotas.c.tenant == effect.tenant, quotas.c.month == month)
        with writing(self.engine) as writer:
            row = {"tenant": effect.tenant, "month": month, "used": 0}
            writer.execute(inserting(quotas, writer).values(row).on_conflict_do_nothing())
            used = writer.execute(select(quotas.c.used).where(*at).with_for_update()).scalar_one()
            charged = select(outbox.c.is_charged).where(outbox.c.id == effect.id)
            if writer.execute(charged).scalar_one():
                return True
            if used >= quota or not change_own(writer, effect, {"is_charged": True}):
                return False
            writer.execute(update(quotas).where(*at).values(used=used + 1))
        return True

    def decide(
        self,
        name: str,
        author: str,
        now: datetime,
        state: State,
        came_from: Sequence[State],
        reason: str = "",
        issue: Tracked | None = None,
    ) -> bool:
        """A person's word about a row that is in one of ``came_from``; False when it is not any more.

        ``issue`` is noted with it: what waits behind the row is to find it.
        """
        at = micros(now)
        changes: dict[str, Any] = {
            "state": state, "decided_by": author, "decided_at": at, "next_at": at, "changed_at": at,
            "attempts": 0, "is_outage": False, "reason": reason[:REASON_CHARS],
        }  # fmt: skip
        if state in ("cancelled", "done"):
            changes |= {"payload": None, "has_quotes": False}
        with writing(self.engine) as writer:
            told = update(outbox).where(outbox.c.id == name, outbox.c.state.in_(came_from)).values(changes)
            decided = writer.execute(told).rowcount == 1
            if decided and issue is not None:
                note(writer, issue, now)
        return decided

    def release(self, destination: str, now: datetime) -> int:
        """Put back what waits for a person only because ``destination`` was away; how many."""
        with writing(self.engine) as writer:
            back = {"state": "pending", "attempts": 0, "next_at": micros(now), "is_outage": False}
            return writer.execute(update(outbox).where(*_stranded(destination)).values(back)).rowcount

    def probe(self, before: datetime, now: datetime) -> int:
        """Try one stranded row of each destination again where none was tried since ``before``; how many.

        Each time the one that waits longest, and none behind another: one that always fails must not hold up the rest.
        """
        stranded = (outbox.c.is_outage, outbox.c.state.in_(("manual", "pending", "sending")))
        tried = select(outbox.c.destination).where(*stranded, outbox.c.changed_at > micros(before))
        order = (outbox.c.changed_at, outbox.c.place, outbox.c.id)
        rank = func.row_number().over(partition_by=outbox.c.destination, order_by=order).label("rank")
        waits = (outbox.c.is_outage, outbox.c.state == "manual", outbox.c.destination.not_in(tried))
        ranked = select(outbox.c.id, rank).where(*waits, ~_is_blocked()).subquery()
        with writing(self.engine) as writer:
            names = writer.execute(select(ranked.c.id).where(ranked.c.rank == 1)).scalars().all()
            back = {"state": "pending", "attempts": 0, "next_at": micros(now), "changed_at": micros(now)}
            return writer.execute(
                update(outbox).where(outbox.c.id.in_(names), outbox.c.state == "manual").values(back)
            ).rowcount

    def rewrite(self, now: datetime, rewritten: Callable[[Effect], str | None], most: int = 500) -> int:
        """Replace the payloads that may hold their quotes no longer; how many.

        One that does not open stays sealed, and holds up no other.
        """
        late = (outbox.c.has_quotes, outbox.c.quotes_until <= micros(now), outbox.c.state != "sending")
        done = 0
        for rows in pages(self.engine, select(outbox).where(*late), most):
            told = []
            for row in rows:
                with suppress(StateCorrupt):
                    told.append((row, {"payload": rewritten(effect_of(row)), "has_quotes": False}))
            with writing(self.engine) as writer:
                done += sum(replace_idle(writer, row, changes) for row, changes in told)
            if done >= most:
                break
        if done:
            leave_the_disk(self.engine)
        return done

    def find(self, name: str) -> list[Effect]:
        """The rows whose ids begin so; at most 10."""
        begins = outbox.c.id.startswith(name, autoescape=True)
        return self._read(select(outbox).where(begins).order_by(outbox.c.id).limit(10))

    def listed(
        self, states: Sequence[State], tenant: str | None = None, most: int = 1000, since: int = 0
    ) -> list[Effect]:
        """Rows in these states, the most urgent and oldest first."""
        asked = select(outbox).where(outbox.c.state.in_(states), outbox.c.taken_at >= since)
        if tenant is not None:
            asked = asked.where(outbox.c.tenant == tenant)
        return self._read(asked.order_by(outbox.c.urgency, outbox.c.taken_at, outbox.c.id).limit(most))

    def withdrawals(self, tenant: str | None = None, most: int = 1000) -> list[Effect]:
        """What was to be taken out of issues, the newest first, whatever came of it."""
        asked = select(outbox).where(outbox.c.verb == "withdraw")
        if tenant is not None:
            asked = asked.where(outbox.c.tenant == tenant)
        return self._read(asked.order_by(outbox.c.taken_at.desc(), outbox.c.id).limit(most))

    def counts(self) -> dict[tuple[str, State], int]:
        """How many rows of each destination are in each state."""
        asked = select(outbox.c.destination, outbox.c.state, func.count()).group_by(
            outbox.c.destination, outbox.c.state
        )
        with store_errors(), self.engine.connect() as reader:
            return {(destination, state): count for destination, state, count in reader.execute(asked)}

    def _read(self, asked: Any) -> list[Effect]:
        with store_errors(), self.engine.connect() as reader:
            return [effect_of(row) for row in reader.execute(asked)]


def insert(writer: Connection, effects: Sequence[Effect]) -> int:
    """Make rows inside a transaction; how many are new."""
    rows = [{name: getattr(effect, name) for name in _FIELDS} for effect in effects]
    made = (inserting(outbox, writer).values(row).on_conflict_do_nothing() for row in rows)
    return sum(len(writer.execute(one.returning(outbox.c.id)).all()) for one in made)


def pages(engine: Engine, asked: Select[Any], most: int) -> Iterator[Sequence[Row[Any]]]:
    """The rows of the table that ``asked`` finds, up to ``most`` at a time, in the order of their ids."""
    last = ""
    while True:
        page = asked.where(outbox.c.id > last).order_by(outbox.c.id).limit(most)
        with store_errors(), engine.connect() as reader:
            rows = reader.execute(page).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def replace_idle(writer: Connection, row: Row[Any], changes: Mapping[str, Any]) -> bool:
    """Change a row inside a transaction; False where it is under way, or its payload another one since it was read."""
    same = (outbox.c.id == row.id, outbox.c.payload.is_not_distinct_from(row.payload))
    idle = update(outbox).where(*same, outbox.c.state != "sending")
    return writer.execute(idle.values(dict(changes))).rowcount == 1


def effect_of(row: Row[Any], **changed: Any) -> Effect:
    """The effect of a row of the table, with what changed since it was read."""
    return Effect(**{**{name: getattr(row, name) for name in _FIELDS}, **changed})


def micros_of(seconds: float) -> int:
    """Seconds in microseconds."""
    return timedelta(seconds=seconds) // timedelta(microseconds=1)


def change_own(writer: Connection, effect: Effect, changes: Mapping[str, Any]) -> bool:
    """Change a claimed row inside a transaction; False when the claim is lost."""
    told = (
        update(outbox).where(outbox.c.id == effect.id, outbox.c.lease == effect.lease).values(dict(changes))
    )
    return writer.execute(told).rowcount == 1


def _stranded(destination: str) -> tuple[Any, ...]:
    return outbox.c.destination == destination, outbox.c.state == "manual", outbox.c.is_outage


def _is_due(at: int) -> Any:
    waiting = and_(outbox.c.state == "pending", outbox.c.next_at <= at)
    return or_(waiting, and_(outbox.c.state == "sending", outbox.c.lease_until <= at))


def _is_elsewhere(but: Collection[str]) -> Any:
    return outbox.c.destination.not_in(list(but))


def _is_blocked() -> Any:
    """Something earlier about the same thing is not finished.

    What is to be withdrawn waits for nobody's decision, but for an issue that is yet to be made; and nothing waits for
    a withdrawal that waits for a person.
    """
    other = outbox.alias("earlier")
    before = or_(
        other.c.place < outbox.c.place, and_(other.c.place == outbox.c.place, other.c.id < outbox.c.id)
    )
    same = (other.c.destination == outbox.c.destination, other.c.about == outbox.c.about)
    decided = other.c.state.in_(("pending", "sending"))
    holds = or_(
        decided, and_(outbox.c.verb != "withdraw", other.c.verb != "withdraw"), other.c.verb == "open"
    )
    return exists().where(*same, other.c.state.in_(UNFINISHED), before, holds)


def _is_paused(at: int) -> Any:
    still = or_(pauses.c.until.is_(None), pauses.c.until > at)
    return exists().where(pauses.c.destination == outbox.c.destination, still)
