"""One stream of one connection, drained once: pages through the gate, then the cursor.

In:    pages of a vendor.   Out: what they bring, durable behind the gate; how it went.
State: the saved cursor; it moves when a page is durable, and never back.

Guards: a page that comes a second time is left out; several in a row, or more pages than any stream has, end the drain.
The next one goes on at the saved cursor, so a vendor that goes round in circles costs a few requests and not the day.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from connectors.vendors.errors import VendorAway
from connectors.vendors.http import VendorHttp
from connectors.vendors.port import (
    Connection,
    Cursor,
    CustomerSeen,
    Gone,
    Hint,
    IssueSeen,
    Page,
    Taken,
    Unreadable,
    Utterance,
    Vendor,
)
from contracts.errors import PipelineError, RetryLater

log = structlog.get_logger()

MOST_PAGES = 20_000
"""More pages than one drain reads: 2 million records at 100 a page. The next drain goes on where this one ended."""

MOST_REPEATS = 3
"""Pages in a row that came before: one may be the vendor's own retry, three are a circle."""

MOST_AT_ONCE = 5_000
"""Records that go through the gate together: a page may be a whole list, and what waits for the broker is bounded."""

GATE_PATIENCE_S = 300.0
"""How long so many wait for the journal before the drain is given up; the page is read again by the next one."""


class Gate(Protocol):
    """Takes what a vendor said into the journal."""

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> object:
        """Return once all of it is durable. Raises ``RetryLater``."""
        ...


class Cursors(Protocol):
    """Where streams were left (``connectors.store.cursors``)."""

    def read(self, connection: str, stream: str) -> Cursor | None:
        """The saved one."""
        ...

    def save(self, connection: str, stream: str, cursor: Cursor, now: datetime) -> bool:
        """Save it; False where it lies before the saved one."""
        ...

    def forget(self, connection: str, stream: str) -> None:
        """Begin anew."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What one page, or one drain, brought."""

    pages: int = 0
    utterances: int = 0
    gone: int = 0
    customers: int = 0
    unreadable: int = 0
    issues: int = 0
    repeats: int = 0
    """Pages that came before in the same drain."""
    kept_cursors: int = 0
    """Cursors that lay before the saved one, which stayed."""

    @property
    def records(self) -> int:
        """What went to the journal."""
        return self.utterances + self.gone + self.customers + self.unreadable + self.issues

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


@dataclass(frozen=True, slots=True)
class Polled:
    """How the drain of one stream went.

    ``wait_s``: not to be asked again before; ``failed``: why it ended early; ``owed``: records that were passed over,
    since their own request fails, and that later drains try again.
    """

    connection: str
    stream: str
    vendor: str = ""
    counts: Counts = Counts()
    failed: str = ""
    looped: bool = False
    wait_s: float = 0.0
    about: str = ""
    owed: int = 0

    @property
    def whole(self) -> bool:
        """Whether the vendor had nothing more to say, and everything that it said was read."""
        return not self.failed and not self.looped and not self.owed


@dataclass(frozen=True, slots=True)
class Stream:
    """What is drained: one stream of a connection, and the name under which its cursor is kept."""

    connection: Connection
    vendor: Vendor
    name: str
    kept_as: str
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Drain:
    """Drains streams. ``told`` hears of each durable page what it brought, and of a drain that ended early why."""

    gate: Gate
    cursors: Cursors
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    told: Callable[[Polled], None] = lambda _page: None
    most_pages: int = MOST_PAGES

    async def run(self, stream: Stream, http: VendorHttp) -> Polled:
        """Read until there is nothing more now. Raises nothing that one vendor could cause."""
        polled = Polled(stream.connection.name, stream.kept_as, stream.connection.vendor)
        try:
            since = await asyncio.to_thread(self.cursors.read, stream.connection.name, stream.kept_as)
            pages = stream.vendor.poll(stream.connection, http, stream.name, since, self.now())
            async with aclosing(pages):  # type: ignore[type-var]  # every vendor's poll is an async generator
                circle = _Circle(self.most_pages)
                async for page in pages:
                    brought = (
                        await self._take(stream, http, page) if circle.is_new(page) else Counts(repeats=1)
                    )
                    polled = replace(
                        polled,
                        counts=polled.counts + brought,
                        about=page.about or polled.about,
                        owed=page.owed,
                        looped=circle.is_closed,
                    )
                    self.told(replace(polled, counts=brought))
                    if polled.looped:
                        log.warning("poll_looped", connection=polled.connection, stream=polled.stream)
                        break
        except RetryLater as exc:
            return self._failed(polled, str(exc), exc.retry_after_s)
        # A defect in one vendor's mapping, or an answer it never saw, must not stop the other vendors. What an
        # exception of a library says may hold what a customer wrote, so its kind alone is told.
        except Exception as exc:  # noqa: BLE001
            ours = isinstance(exc, PipelineError)
            return self._failed(polled, str(exc) if ours else f"defect: {type(exc).__name__}", 0.0)
        return polled

    def not_begun(self, stream: Stream, why: str) -> Polled:
        """Tell that nothing could be asked."""
        return self._failed(
            Polled(stream.connection.name, stream.kept_as, stream.connection.vendor), why, 0.0
        )

    async def fetch(self, stream: Stream, http: VendorHttp, hint: Hint) -> Counts:
        """Ask for the record that a hint named, and take it. Raises ``PipelineError``."""
        return await self._through(stream, await stream.vendor.fetch(stream.connection, http, hint))

    async def _take(self, stream: Stream, http: VendorHttp, page: Page) -> Counts:
        records: list[Taken] = []
        for one in page.records:
            if isinstance(one, Hint):
                records += await stream.vendor.fetch(stream.connection, http, one)
            else:
                records.append(one)
        brought = await self._through(stream, records)
        if page.cursor is None:
            return brought
        saved = await asyncio.to_thread(
            self.cursors.save, stream.connection.name, stream.kept_as, page.cursor, self.now()
        )
        if not saved:
            log.warning("cursor_kept", connection=stream.connection.name, stream=stream.kept_as)
        return replace(brought, kept_cursors=int(not saved))

    async def _through(self, stream: Stream, records: Sequence[Taken]) -> Counts:
        """Through the gate, in order, so many at once."""
        for start in range(0, len(records), MOST_AT_ONCE):
            await self._accepted(stream, records[start : start + MOST_AT_ONCE])
        return _counted(records)

    async def _accepted(self, stream: Stream, records: Sequence[Taken]) -> None:
        """Durable behind the gate, which may be shut for a while."""
        waited_s = 0.0
        while True:
            try:
                await self.gate.accept(stream.connection, records, bulk=stream.bulk)
                break
            except RetryLater as exc:
                if isinstance(exc, VendorAway) or waited_s + exc.retry_after_s > GATE_PATIENCE_S:
                    raise
                waited_s += max(exc.retry_after_s, 0.1)
                await self.sleep(exc.retry_after_s)

    def _failed(self, polled: Polled, why: str, wait_s: float) -> Polled:
        log.warning("poll_failed", connection=polled.connection, stream=polled.stream, why=why, wait_s=wait_s)
        self.told(replace(polled, counts=Counts(), failed=why, wait_s=wait_s))
        return replace(polled, failed=why, wait_s=wait_s)


def _counted(records: Sequence[Taken]) -> Counts:
    kinds = [type(one) for one in records]
    return Counts(
        pages=1,
        utterances=kinds.count(Utterance),
        gone=kinds.count(Gone),
        customers=kinds.count(CustomerSeen),
        unreadable=kinds.count(Unreadable),
        issues=kinds.count(IssueSeen),
    )


class _Circle:
    """Notices that one drain goes round in circles."""

    def __init__(self, most_pages: int) -> None:
        self._left = most_pages
        self._repeats = 0
        self._seen: set[bytes] = set()

    def is_new(self, page: Page) -> bool:
        """Whether a page with records, or a cursor of its own, did not come before."""
        digest = hashlib.sha256(repr((page.records, page.cursor)).encode()).digest()
        new = digest not in self._seen or (not page.records and page.cursor is None)
        self._seen.add(digest)
        self._repeats = 0 if new else self._repeats + 1
        self._left -= 1
        return new

    @property
    def is_closed(self) -> bool:
        """Whether to stop here."""
        return self._repeats >= MOST_REPEATS or self._left <= 0
