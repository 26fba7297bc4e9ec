"""Load a file of history into the journal, in the order in which it happened, resumable at any moment.

A load is a pure function of the file, the mapping and the moment of its first start (which is stored):
started again after a crash it makes the same records and appends those that the journal lacks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from connectors.files.mapping import parse_mapping
from connectors.files.reader import BadRow, columns, fingerprint, read_rows, refuse_changed
from connectors.keys.vault import LocalVault
from contracts.commands import LoadBegin, LoadEnd
from contracts.errors import WrongUsage
from contracts.feedback import Coordinates
from wiring.drafts import Numbered, draft_of, source_name
from wiring.journal import Arrival, RecordMaker
from wiring.loads import Load, LoadBook

TICK = timedelta(hours=1)
"""Ticks of a load: history is scored hourly, live feedback every ten minutes."""

# After this long without feedback every window is empty and ticks become daily, so that a gap of years does
# not become a million ticks. Above the longest window (7 days).
QUIET_AFTER = timedelta(days=8)

# Records per durable append: one fsync each.
APPEND_RECORDS = 256

Progress = Callable[[int], None]
"""Called with the number of records appended so far."""


class Journal(Protocol):
    """Where a load is appended to."""

    def count(self, partition: int) -> int:
        """The ordinal of the next record."""
        ...

    def resume(self, partition: int, load: str, since: int) -> int:
        """How many records of this load, which was begun at ordinal ``since``, are there already."""
        ...

    def append(self, partition: int, lines: Sequence[bytes]) -> object:
        """Make records durable, in order."""
        ...


@dataclass(frozen=True, slots=True)
class History:
    """Where a load goes: one tenant's partition of a journal, with its keys and its book of loads."""

    tenant: str
    partition: int
    journal: Journal
    vault: LocalVault
    book: LoadBook

    def load(
        self,
        path: Path,
        *,
        mapping: str | None,
        customers: Path | None,
        now: datetime,
        progress: Progress = lambda _: None,
    ) -> int:
        """Append what the journal lacks of this file; the number of records appended now."""
        load = self._begun(path, mapping, customers, now)
        if load is None:
            return 0
        there = self.journal.resume(self.partition, load.name, load.first_ordinal)
        lacking = islice(self._records(path, load, customers), there, None)
        appended = 0
        while chunk := list(islice(lacking, APPEND_RECORDS)):
            self.journal.append(self.partition, chunk)
            appended += len(chunk)
            progress(appended)
        self.book.finish()
        return appended

    def _begun(self, path: Path, mapping: str | None, customers: Path | None, now: datetime) -> Load | None:
        """The load to make or to go on with; None when the journal has all of it."""
        there = columns(path)
        fields = parse_mapping(mapping, there) if there else {"text": "text"}
        digest = fingerprint(path)
        for _ in customer_rows(customers):
            pass  # a mistake in the list is told before anything of the load is in the journal
        listed = fingerprint(customers) if customers else None
        count = self.journal.count(self.partition)
        if self.book.knows(digest, fields) and not self.book.unfinished and self.book.knows_customers(listed):
            return None
        return self.book.begin(Load(path.name, digest, fields, now.isoformat(), count, customers=listed))

    def _records(self, path: Path, load: Load, customers: Path | None) -> Iterator[bytes]:
        loaded_at = datetime.fromisoformat(load.loaded_at)
        maker = RecordMaker(self.tenant, self.vault, loaded_at)
        # Of a file that was loaded before only the customer list is new.
        known = self.book.knows(load.fingerprint, load.mapping)
        arrivals = [] if known else read_arrivals(path, load.mapping, self.vault, self.tenant, loaded_at)
        refuse_changed(path, load.fingerprint)  # before any of it is in the journal
        begin = arrivals[0].at if arrivals else loaded_at
        yield maker.command("loader", LoadBegin(origin=load.origin), begin)
        yield from customer_records(customers, maker, begin)
        feed = Feed(maker)
        yield from feed.records(arrivals)
        yield from feed.end()
        yield maker.command("loader", LoadEnd(origin=load.origin), arrivals[-1].at if arrivals else begin)


class Feed:
    """Journal records of arrivals in order, with the ticks that time brings in between."""

    def __init__(self, maker: RecordMaker) -> None:
        self._maker = maker
        self._clock: datetime | None = None
        self._last: datetime | None = None

    def records(self, arrivals: Iterable[Arrival], until: datetime | None = None) -> Iterator[bytes]:
        """Records of the next arrivals; with ``until``, the ticks up to then follow them."""
        pending: list[Arrival] = []
        for arrival in arrivals:
            due = list(ticks_between(self._clock, arrival.at, self._last))
            if due or len(pending) >= APPEND_RECORDS:
                yield from self._maker.feedback(pending)
                pending = []
            yield from self._ticks(due)
            pending.append(arrival)
            self._last = arrival.at
        yield from self._maker.feedback(pending)
        if until is not None:
            yield from self._ticks(ticks_between(self._clock, until, self._last))

    def end(self) -> Iterator[bytes]:
        """One more tick, so that the last windows are scored."""
        if self._clock is not None:
            yield from self._ticks([self._clock + TICK])

    def _ticks(self, moments: Iterable[datetime]) -> Iterator[bytes]:
        for moment in moments:
            self._clock = moment
            yield self._maker.tick(moment)


def ticks_between(clock: datetime | None, until: datetime, last: datetime | None) -> Iterator[datetime]:
    """The ticks due after ``clock`` up to ``until``; ``last`` is the latest arrival."""
    moment = _hour_of(until) if clock is None else clock + TICK
    while moment <= until:
        quiet = last is not None and moment - last > QUIET_AFTER and until - moment > timedelta(days=1)
        yield moment
        moment += timedelta(days=1) if quiet else TICK


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def read_arrivals(
    path: Path,
    mapping: Mapping[str, str],
    vault: LocalVault,
    tenant: str,
    loaded_at: datetime,
    arrived_at: Callable[[int], datetime] | None = None,
) -> list[Arrival]:
    """The file's rows as arrivals, ordered by when their source last changed them; ties keep the file's order.

    A row without a date happened when the file was first loaded; one whose date cannot be read, or cannot be
    right, keeps its place behind its predecessor and is judged by intake. ``arrived_at`` tells when a line
    arrived, where that is known.
    """
    name = source_name(path)
    numbered = Numbered(partial(vault.digest, tenant))
    rows = [draft_of(row, mapping, numbered, loaded_at) for row in read_rows(path)]
    previous = next((draft.at for draft in rows if draft.at), loaded_at)
    arrivals = []
    for draft in rows:
        previous = draft.at or previous
        at = arrived_at(draft.line) if arrived_at else previous
        where = Coordinates(origin=path.name, line=draft.line)
        source, happened = draft.source or name, draft.happened_at or at
        read = (draft.body, where, draft.raw, draft.unreadable, draft.author)
        arrivals.append(Arrival(at, happened, source, draft.record_id, *read))
    return sorted(arrivals, key=lambda arrival: arrival.at)


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of a customer list; ``mrr`` is in whole currency units a month."""

    account: str
    tier: str
    mrr: float | None


def customer_rows(path: Path | None) -> Iterator[Customer]:
    """The rows of a list with the columns ``account``, ``tier`` and, where known, ``mrr``.

    Raises ``WrongUsage`` naming file, line and field: what a customer pays is never guessed.
    """
    if path is None:
        return
    for row in read_rows(path):
        if isinstance(row, BadRow):
            raise WrongUsage(f"{path}:{row.line}: {row.reason}")
        account, mrr = str(row.fields.get("account") or "").strip(), row.fields.get("mrr")
        if not account:
            raise WrongUsage(f"{path}:{row.line}: account is empty; the columns are account,tier,mrr")
        try:
            paid = None if mrr in (None, "") else float(str(mrr))
        except ValueError:
            paid = -1.0
        if paid is not None and not 0 <= paid < math.inf:
            raise WrongUsage(f"{path}:{row.line}: mrr {mrr!r} is not an amount of at least 0")
        yield Customer(account, str(row.fields.get("tier") or ""), paid)


def customer_records(path: Path | None, maker: RecordMaker, at: datetime) -> Iterator[bytes]:
    """Customer updates from a list; see ``customer_rows``."""
    for customer in customer_rows(path):
        yield maker.customer(customer.account, customer.tier, customer.mrr, at)
