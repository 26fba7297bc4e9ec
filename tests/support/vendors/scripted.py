"""A vendor without a network, whose pages a test writes; and a gate that remembers what it took."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.vendors.http import VendorHttp
from connectors.vendors.port import Connection, Cursor, CustomerSeen, Hint, Page, Request, Taken, Utterance
from contracts.errors import RetryLater
from tests.support.vendors.clock import NOW

Pages = Callable[[Cursor | None], Sequence[Page | Exception]]


@dataclass
class Scripted:
    """``pages`` of each stream: what it answers from a cursor on; an exception among them is raised there."""

    pages: dict[str, Pages]
    knows: dict[str, Sequence[Taken]] = field(default_factory=dict)
    name: str = "scripted"

    @property
    def streams(self) -> Sequence[str]:
        return tuple(self.pages)

    def check(self, connection: Connection) -> None: ...

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        return "1"

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        return ()

    async def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        for page in self.pages[stream](since):
            if isinstance(page, Exception):
                raise page
            yield page

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        return self.knows[hint.record_id]


def said(n: int, text: str = "") -> Utterance:
    return Utterance(str(n), {"text": text or f"text {n}"}, NOW)


def page(*numbers: int, at: int | None = None) -> Page:
    """Utterances with these numbers, and the cursor after the last of them (or ``at``)."""
    place = max(numbers, default=0) if at is None else at
    return Page([said(n) for n in numbers], Cursor({"at": place}, (place,)))


@dataclass
class Took:
    """A gate. ``shut`` times it refuses before it takes anything."""

    taken: list[Taken] = field(default_factory=list)
    shut: int = 0
    bulk: list[bool] = field(default_factory=list)

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> None:
        if self.shut:
            self.shut -= 1
            raise RetryLater("the journal is away", retry_after_s=2.0)
        self.taken += taken
        self.bulk.append(bulk)

    @property
    def ids(self) -> list[str]:
        return [one.record_id for one in self.taken if not isinstance(one, CustomerSeen)]


@dataclass
class Shelf:
    """Cursors in memory, which never go back; ``log`` holds each one that was saved."""

    kept: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    log: list[tuple[str, Cursor]] = field(default_factory=list)

    def read(self, connection: str, stream: str) -> Cursor | None:
        return self.kept.get((connection, stream))

    def save(self, connection: str, stream: str, cursor: Cursor, now: datetime) -> bool:
        before = self.kept.get((connection, stream))
        if before is not None and before.order > cursor.order:
            return False
        self.kept[connection, stream] = cursor
        self.log.append((stream, cursor))
        return True

    def forget(self, connection: str, stream: str) -> None:
        self.kept.pop((connection, stream), None)
