"""Which effect repeats what customers said, and what of it is to stand nowhere any more.

In:    marks of an effect, noted with the effect; orders to withdraw.   Out: what an effect must leave out, what is to
be taken out of an issue.   State: ids and keyed hashes, never what was said: a quotation is found by its hash.

A mark is ``out`` before anything is sent that may carry it. So a withdrawal that comes before that is obeyed by the
effect itself, and one that comes later by an effect of its own, which is made in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, false, or_, select, update

from connectors.store.engine import inserting, leave_the_disk, micros, store_errors, writing
from connectors.store.outbox import Effect, effect_of, insert, pages, replace_idle
from connectors.store.tables import evidence, outbox
from contracts.errors import StateCorrupt


@dataclass(frozen=True, slots=True)
class Mark:
    """A quotation, or an account that is named; hashes are keyed. ``mark`` tells it from others of its effect."""

    effect_id: str
    mark: str
    kind: Literal["quote", "account"]
    tenant: str
    destination: str
    issue_id: str
    item_id: str | None = None
    subject: str | None = None
    account: str | None = None
    block: str | None = None
    words: str | None = None
    url: str | None = None
    is_out: bool = False
    is_kept: bool = True
    withdrawn_at: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """An order to withdraw: all that one of ``subjects`` said (``erased``), or one concern."""

    tenant: str
    subjects: tuple[str, ...] = ()
    concern_id: str | None = None


_FIELDS = tuple(Mark.__dataclass_fields__)
Issue = tuple[str, str]
"""Destination and our id of an issue."""


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """Marks; any number of processes at once."""

    engine: Engine

    def add(self, effects: Sequence[Effect], marks: Sequence[Mark]) -> int:
        """Make effects and note what they publish, in one transaction; how many effects are new."""
        rows = [{name: getattr(mark, name) for name in _FIELDS} for mark in marks]
        with writing(self.engine) as writer:
            new = insert(writer, effects)
            for row in rows if new else ():
                writer.execute(inserting(evidence, writer).values(row).on_conflict_do_nothing())
        return new

    def publishing(self, effect_id: str, *, wordless: bool = False) -> list[Mark]:
        """Before an effect is sent: all that it may carry is out from now on; what it must not carry.

        ``wordless``: its quotes had their time, so it carries their links and no word of them.
        """
        mine = evidence.c.effect_id == effect_id
        with writing(self.engine) as writer:
            if wordless:
                writer.execute(
                    update(evidence).where(mine, ~evidence.c.is_out).values(block=None, words=None)
                )
            standing = update(evidence).where(mine, evidence.c.withdrawn_at.is_(None), ~evidence.c.is_out)
            writer.execute(standing.values(is_out=True))
            gone = select(evidence).where(mine, evidence.c.withdrawn_at.is_not(None))
            return [_mark(row) for row in writer.execute(gone)]

    def withdraw(self, order: Taken, now: datetime, made: Callable[[Issue], Effect]) -> int:
        """Mark what an order concerns, and make the effect of each issue; how many effects are new.

        The same order again makes no second effect.
        """
        with writing(self.engine) as writer:
            rows = writer.execute(select(evidence).where(evidence.c.tenant == order.tenant, _meant(order)))
            marks = [_mark(row) for row in rows]
            issues = sorted({(mark.destination, mark.issue_id) for mark in marks})
            gone = update(evidence).where(evidence.c.withdrawn_at.is_(None)).values(withdrawn_at=micros(now))
            writer.execute(gone.where(evidence.c.tenant == order.tenant, _meant(order)))
            if order.subjects:
                for issue in issues:
                    self._orphans(writer, issue, gone)
            return insert(writer, [made(issue) for issue in issues])

    def meant(self, order: Taken) -> dict[Issue, list[Mark]]:
        """What an order concerns, by issue; nothing is changed."""
        found: dict[Issue, list[Mark]] = {}
        asked = select(evidence).where(evidence.c.tenant == order.tenant, _meant(order))
        with store_errors(), self.engine.connect() as reader:
            for row in reader.execute(asked.order_by(evidence.c.effect_id, evidence.c.mark)):
                found.setdefault((row.destination, row.issue_id), []).append(_mark(row))
        return found

    def of_issue(self, destination: str, issue_id: str) -> list[Mark]:
        """All marks of an issue, in order."""
        asked = select(evidence).where(*_at((destination, issue_id)))
        with store_errors(), self.engine.connect() as reader:
            rows = reader.execute(asked.order_by(evidence.c.effect_id, evidence.c.mark))
            return [_mark(row) for row in rows]

    def strip(self, rewritten: Callable[[Effect, Sequence[Mark]], str | None], most: int = 200) -> int:
        """Rewrite payloads that still hold what was withdrawn; how many.

        Those under way wait for their turn; those that do not open stay sealed, and hold up no other.
        """
        late = (evidence.c.withdrawn_at.is_not(None), evidence.c.is_kept)
        holding = outbox.c.id.in_(select(evidence.c.effect_id).where(*late))
        done = 0
        for rows in pages(self.engine, select(outbox).where(holding, outbox.c.state != "sending"), most):
            with writing(self.engine) as writer:
                for row in rows:
                    mine = (evidence.c.effect_id == row.id, *late)
                    marks = [_mark(one) for one in writer.execute(select(evidence).where(*mine))]
                    with suppress(StateCorrupt):
                        payload = None if row.payload is None else rewritten(effect_of(row), marks)
                        if replace_idle(writer, row, {"payload": payload}):
                            names = [mark.mark for mark in marks]
                            told = update(evidence).where(*mine, evidence.c.mark.in_(names))
                            writer.execute(told.values(is_kept=False))
                            done += 1
            if done >= most:
                break
        if done:
            leave_the_disk(self.engine)
        return done

    @staticmethod
    def _orphans(writer: Connection, issue: Issue, gone: Any) -> None:
        """Accounts for which only erased people spoke go with them."""
        quotes = select(evidence.c.account).where(*_at(issue), evidence.c.kind == "quote")
        left = quotes.where(evidence.c.account.is_not(None), evidence.c.withdrawn_at.is_not(None))
        stands = quotes.where(evidence.c.account.is_not(None), evidence.c.withdrawn_at.is_(None))
        accounts = set(writer.execute(left).scalars()) - set(writer.execute(stands).scalars())
        is_account = and_(evidence.c.kind == "account", evidence.c.mark.in_(sorted(accounts)))
        writer.execute(gone.where(*_at(issue), is_account))


def _at(issue: Issue) -> tuple[ColumnElement[bool], ...]:
    return evidence.c.destination == issue[0], evidence.c.issue_id == issue[1]


def _meant(order: Taken) -> ColumnElement[bool]:
    by_subject = evidence.c.subject.in_(order.subjects) if order.subjects else false()
    by_concern = evidence.c.mark == order.concern_id if order.concern_id else false()
    return or_(by_subject, by_concern)


def _mark(row: Row[Any]) -> Mark:
    return Mark(**{name: getattr(row, name) for name in _FIELDS})
