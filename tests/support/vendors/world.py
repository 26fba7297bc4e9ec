"""What is true at a simulated vendor, and how it lies about it; and the ledger that holds the journal against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from connectors.vendors.port import Connection, CustomerSeen, Gone, Hint, Taken, Unreadable, Utterance
from contracts.feedback import FeedbackBody
from tests.support.vendors.clock import NOW

START = NOW - timedelta(days=2)


@dataclass(frozen=True)
class Item:
    """One thing that one customer said. ``text`` names the item and its version, so that it is found again."""

    id: int
    version: int
    said_at: datetime
    changed_at: datetime
    deleted: bool = False

    @property
    def text(self) -> str:
        return f"Report {self.id:05d} version {self.version}: the export to PDF fails & says < 3 pages."


@dataclass
class World:
    """All items; each call of a verb is one change, a second after the last one."""

    items: dict[int, Item] = field(default_factory=dict)
    at: datetime = START

    def say(self, many: int = 1) -> list[Item]:
        return [self._put(Item(len(self.items) + 1, 1, self._next(), self.at)) for _ in range(many)]

    def edit(self, number: int) -> Item:
        old = self.items[number]
        return self._put(replace(old, version=old.version + 1, changed_at=self._next()))

    def delete(self, number: int) -> Item:
        return self._put(replace(self.items[number], deleted=True, changed_at=self._next()))

    @property
    def living(self) -> list[Item]:
        return [item for item in self.items.values() if not item.deleted]

    @property
    def changes(self) -> list[Item]:
        """Every item, in order of its last change."""
        return sorted(self.items.values(), key=lambda item: (item.changed_at, item.id))

    def offset_after(self, token: str) -> int:
        """How many changes lie up to ``token``, one of ``token_at``; 0 for none."""
        if not token:
            return 0
        at, _, number = token.partition(".")
        return sum(
            (one.changed_at.timestamp(), one.id) <= (float(at), int(number)) for one in self.items.values()
        )

    def token_at(self, offset: int) -> str:
        """A token that stays right when changes are added: it names the change before ``offset``."""
        if offset <= 0 or not self.items:
            return ""
        last = self.changes[min(offset, len(self.items)) - 1]
        return f"{int(last.changed_at.timestamp())}.{last.id}"

    def _put(self, item: Item) -> Item:
        self.items[item.id] = item
        return item

    def _next(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Lies:
    """How a vendor pages untruly; a simulation asks it for each page. All numbers are in how many pages it happens."""

    shuffle: bool = False
    repeat_item: int = 0
    repeat_page: int = 0
    regress: int = 0
    endless: bool = False
    rng: Random = field(default_factory=lambda: Random(3))
    pages: int = 0
    lied: bool = False

    def order(self, page: Sequence[Any]) -> list[Any]:
        """The items of a page as the vendor tells them: some twice, or in another order."""
        self.pages += 1
        told = list(page)
        if told and self._is_time(self.repeat_item):
            told.append(told[0])
        if self.shuffle:
            self.rng.shuffle(told)
        return told

    def next(self, offset: int, size: int, total: int) -> int | None:
        """Where the vendor says that the next page begins; None: there is none. It lies at most once in a row."""
        honest = offset + size if offset + size < total else None
        if self.endless:
            return min(offset + size, max(0, total - 1))
        if self.lied:
            self.lied = False
            return honest
        if self._is_time(self.repeat_page):
            self.lied = True
            return offset
        if self._is_time(self.regress):
            self.lied = True
            return max(0, offset - size)
        return honest

    def served(self, offset: int, size: int, total: int) -> int:
        """Which page is sent where the caller names the place: at times the one before; without end, the last one."""
        if self.endless:
            return max(0, min(offset, total - size))
        if not self.lied and offset and (self._is_time(self.repeat_page) or self._is_time(self.regress)):
            self.lied = True
            return max(0, offset - size)
        self.lied = False
        return offset

    def _is_time(self, n: int) -> bool:
        return n > 0 and self.pages % n == 0


def every_lie() -> Lies:
    """A fresh liar, that lies in every way that ends."""
    return Lies(shuffle=True, repeat_item=2, repeat_page=5, regress=7)


@dataclass
class Ledger:
    """What stands after the journal's intake: the newest version of each record, by the rules of intake.

    It is a gate, too. Every body must be a ``FeedbackBody``.
    """

    standing: dict[str, FeedbackBody] = field(default_factory=dict)
    gone: dict[str, Gone] = field(default_factory=dict)
    customers: dict[str, CustomerSeen] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    revisions: int = 0

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> None:
        for one in taken:
            self.take(one)

    def take(self, one: Taken) -> None:
        assert not isinstance(one, Hint), "hints are fetched before the gate"
        if isinstance(one, Utterance):
            self._say(one)
        elif isinstance(one, Gone):
            self.gone[one.record_id] = one
            self.standing.pop(one.record_id, None)
        elif isinstance(one, CustomerSeen):
            self.customers[one.account] = one
        else:
            self.unreadable.append(one)

    def _say(self, one: Utterance) -> None:
        body = FeedbackBody.model_validate(one.body)
        assert one.happened_at.tzinfo is not None
        before = self.standing.get(one.record_id)
        if one.record_id in self.gone:
            return
        if before and body.source_updated_at and before.source_updated_at:
            if body.source_updated_at < before.source_updated_at:
                return
            self.revisions += (before.text, before.rating) != (body.text, body.rating)
        self.standing[one.record_id] = body

    def wrong(self, world: World) -> dict[str, list[str]]:
        """What is missing, there twice, or there though it is not true; empty lists all mean that nothing is."""
        texts = [body.text for body in self.standing.values()]
        true = [item.text for item in world.living]
        found = {text: sum(text in told for told in texts) for text in true}
        return {
            "lost": [text for text, times in found.items() if times == 0],
            "twice": [text for text, times in found.items() if times > 1],
            "untrue": [told for told in texts if not any(text in told for text in true)],
        }
