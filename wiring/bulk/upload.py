"""Upload a file into the bulk lane, resumable at any row, in memory that does not grow with the file.

The records of an upload are a pure function of the file, how it is read, and the moment of its first start (which is
kept): started again they are the same, and those that the bulk topic has are skipped. Rows keep the file's order.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from connectors.files.mapping import Mapped, map_row, parse_mapping
from connectors.files.reader import BadRow, Row, columns, fingerprint, read_rows
from connectors.kafka.bulk import BulkLoad
from connectors.kafka.cluster import Cluster
from connectors.keys.vault import LocalVault
from contracts.commands import LoadBegin, LoadEnd
from contracts.errors import WrongUsage
from contracts.feedback import MAX_SOURCE_CHARS
from operators.intake.facts import is_address
from wiring.bulk.book import Told, Upload, UploadBook
from wiring.bulk.sealing import Numbered, Recipe
from wiring.bulk.workers import seal_all
from wiring.drafts import digest_of, draft_of, source_name
from wiring.history import TICK, customer_records, customer_rows, ticks_between
from wiring.journal import RecordMaker

CHUNK = 1_000
"""Rows that are sealed together: one transaction of the key store."""

# Records between two notes of how far it is: a resumed upload reads the topic from the last note on.
NOTED_EVERY = 20_000

# Rows without an id are told apart by content and occurrence. Occurrences are counted in this many cells, 32 MB
# whatever the file: two contents in one cell count on, which only makes their numbers larger.
_CELLS = 1 << 24
_MOST = 0xFFFF

KEPT_BAD = 100
"""Bad rows that are listed with line and reason; all of them are counted, and dead letters name every one."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is read, and what comes with it; ``source`` for rows that name none."""

    mapping: str | None = None
    customers: Path | None = None
    source: str | None = None
    is_new_tenant: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a tenant's uploads go: its partition of the bulk topic, its keys, its notes."""

    tenant: str
    cluster: Cluster
    topic: str
    partition: int
    keys: Path
    book: UploadBook
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is: rows read, those of them that are bad, records that were there before this start."""

    rows: int
    bad: int
    skipped: int


def describe(path: Path, options: Options) -> Told:
    """What the upload is. Raises ``WrongUsage`` naming what is wrong with the file, the map or the customer list."""
    there = columns(path)
    fields = parse_mapping(options.mapping, there) if there else {"text": "text"}
    for _ in customer_rows(options.customers):
        pass
    source = options.source or source_name(path)
    if not 0 < len(source) <= MAX_SOURCE_CHARS:
        raise WrongUsage(f"--source: 1 to {MAX_SOURCE_CHARS} characters")
    if is_address(source):
        raise WrongUsage(
            "--source: sources are told in the clear, and this holds somebody's address or number"
        )
    listed = fingerprint(options.customers) if options.customers else None
    return Told(path.name, fingerprint(path), fields, source, listed, options.is_new_tenant)


def upload(
    path: Path,
    options: Options,
    lane: Lane,
    *,
    now: datetime,
    progress: Callable[[Progress], None] = lambda _: None,
    told: Told | None = None,
) -> Upload:
    """Append what the bulk topic lacks of this file. Raises ``PipelineError``; then the same call goes on.

    Another one that uploads the same is waited for.
    """
    told = told or describe(path, options)
    with lane.book.alone(told):
        return _upload(path, lane, lane.book.begin(told, now.isoformat()), options, progress)


def _upload(
    path: Path, lane: Lane, upload: Upload, options: Options, progress: Callable[[Progress], None]
) -> Upload:
    if upload.complete:
        return upload
    to = BulkLoad(lane.cluster, lane.topic, lane.partition, upload.name, upload.known)
    # Before anything is sent: whoever goes on after a kill looks from here on.
    upload = replace(upload, known=to.known)
    lane.book.save(upload)
    reading = _Reading(path, upload, lane, options.customers)
    noted = skipped = to.there
    records, tenant = reading.records(to.there), lane.tenant.encode()
    chunks = iter(lambda: list(islice(records, CHUNK)), [])
    for sealed in seal_all(chunks, _recipe(upload, lane.tenant), lane.keys, lane.processes):
        to.put([(one.number, one.message(tenant)) for one in sealed])
        if sealed[-1].number - noted >= NOTED_EVERY:
            noted = sealed[-1].number
            lane.book.save(reading.noted(replace(upload, known=to.known)))
            progress(Progress(reading.rows, reading.bad, skipped))
    to.settle()
    progress(Progress(reading.rows, reading.bad, skipped))
    return lane.book.finish(reading.noted(replace(upload, known=to.known)))


def _recipe(upload: Upload, tenant: str) -> Recipe:
    told = upload.told
    return Recipe(tenant, told.origin, told.source, told.mapping, datetime.fromisoformat(upload.loaded_at))


class _Reading:
    """The numbered records of an upload, and what was seen of its rows."""

    def __init__(self, path: Path, upload: Upload, lane: Lane, customers: Path | None) -> None:
        self.rows = self.bad = 0
        self.unreadable: list[tuple[int, str]] = []
        self._path, self._told, self._customers = path, upload.told, customers
        self._loaded_at = datetime.fromisoformat(upload.loaded_at)
        self._lane = lane
        self._number = 0
        self._clock = self._last = None if upload.told.is_new_tenant else self._loaded_at
        self._mapping = upload.told.mapping
        self._id_column = self._mapping.get("source_record_id")

    def noted(self, upload: Upload) -> Upload:
        """The upload with what was seen."""
        return replace(upload, rows=self.rows, bad=self.bad, unreadable=tuple(self.unreadable))

    def records(self, there: int) -> Iterator[Numbered]:
        """All records but the first ``there``."""
        vault = LocalVault(self._lane.keys)
        try:
            maker = RecordMaker(self._lane.tenant, vault, self._loaded_at)
            made_id = _MadeIds(partial(vault.digest, self._lane.tenant))
            yield from (one for one in self._all(maker, made_id) if one.number >= there)
        finally:
            vault.close()

    def _all(self, maker: RecordMaker, made_ids: _MadeIds) -> Iterator[Numbered]:
        at = self._loaded_at
        begin: datetime | None = None
        if not self._told.is_new_tenant:
            yield from map(self._ready, customer_records(self._customers, maker, at))
        # What it became is another upload, and this one was never whole: the end of the file tells.
        for row in read_rows(self._path, self._told.fingerprint):
            self._see(row)
            made_id = self._made_id(row, made_ids)
            if self._told.is_new_tenant:
                at = draft_of(row, self._mapping, lambda _: "", self._loaded_at).at or at
                if begin is None:
                    begin = at
                    yield from self._begun(maker, begin)
                yield from self._ticks(maker, at)
            yield self._next(row, made_id)
        if self._told.is_new_tenant:
            yield from self._ended(maker, begin)

    def _begun(self, maker: RecordMaker, at: datetime) -> Iterator[Numbered]:
        yield self._ready(maker.command("loader", LoadBegin(origin=self._told.origin), at))
        yield from map(self._ready, customer_records(self._customers, maker, at))

    def _ended(self, maker: RecordMaker, begin: datetime | None) -> Iterator[Numbered]:
        if begin is None:
            yield from self._begun(maker, self._loaded_at)
        last = self._last or self._loaded_at
        if self._clock is not None:
            yield self._ready(maker.tick(self._clock + TICK))
        yield self._ready(maker.command("loader", LoadEnd(origin=self._told.origin), last))

    def _ticks(self, maker: RecordMaker, at: datetime) -> Iterator[Numbered]:
        for moment in ticks_between(self._clock, at, self._last):
            self._clock = moment
            yield self._ready(maker.tick(moment))
        self._last = max(at, self._last or at)

    def _see(self, row: Row | BadRow) -> None:
        self.rows += 1
        if isinstance(row, BadRow):
            self.bad += 1
            if len(self.unreadable) < KEPT_BAD:
                self.unreadable.append((row.line, row.reason))

    def _made_id(self, row: Row | BadRow, made_ids: _MadeIds) -> str | None:
        if isinstance(row, BadRow):
            return None
        given = row.fields.get(self._id_column) if self._id_column else None
        return (
            None if given is not None and str(given).strip() else made_ids(map_row(row.fields, self._mapping))
        )

    def _next(self, row: Row | BadRow, made_id: str | None) -> Numbered:
        numbered = Numbered.of(self._number, row, made_id)
        self._number += 1
        return numbered

    def _ready(self, value: bytes) -> Numbered:
        numbered = Numbered(self._number, 0, None, ready=value)
        self._number += 1
        return numbered


class _MadeIds:
    """Ids for rows without one, in memory that does not grow: content, and how often its cell was met."""

    def __init__(self, digest: Callable[[bytes], str]) -> None:
        self._digest = digest
        self._met: array[int] | None = None

    def __call__(self, mapped: Mapped) -> str:
        if self._met is None:
            self._met = array("H", bytes(2 * _CELLS))
        made = digest_of(mapped, self._digest)
        cell = int(made[:6], 16)
        self._met[cell] = met = min(self._met[cell] + 1, _MOST)
        return f"{made}-{met}"
