"""The labeller's memory in SQLite: concerns that wait for an answer, answers to equal
questions, what people decided, how far was read.

In:    records with sealed words, keys that are HMACs.   Out: the same; nothing in here reads as text but the
       categories that people added, which are everybody's to read.
Law:   a position is told with what was read up to it, in one transaction, so nothing read is ever lost; a concern that
       waits is forgotten only when its answer is in the journal. All of it can be dropped, and is then asked again.
Used by one thread of one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from connectors.sqlite import opened, sqlite_errors, transaction

CACHED = 500_000
"""Answers that are kept for equal questions, the latest; about 1.5 KB each."""
DECIDED = 500
"""Decisions of people that are kept of each tenant, the latest; about 4 KB each."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, concern TEXT NOT NULL UNIQUE, record BLOB NOT NULL,
  why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS given_up (concern TEXT PRIMARY KEY, prompt TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (place TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cache (key TEXT PRIMARY KEY, answer BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS decided (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, concern TEXT NOT NULL UNIQUE, language TEXT NOT NULL,
  encoder TEXT NOT NULL, vector BLOB NOT NULL, record BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS decided_of ON decided (tenant, number);
CREATE TABLE IF NOT EXISTS outcomes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, believed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS outcomes_of ON outcomes (tenant, number);
CREATE TABLE IF NOT EXISTS labels (
  tenant TEXT, name TEXT, first INTEGER NOT NULL, latest INTEGER NOT NULL, told BLOB NOT NULL,
  PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (what TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_TRIM = (
    "DELETE FROM {table} WHERE tenant = ? AND number <="
    " (SELECT number FROM {table} WHERE tenant = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class Wanted(NamedTuple):
    """A concern that waits: the item with it alone, as JSON, and why a model is asked."""

    tenant: str
    concern: str
    record: bytes
    why: str


class Decided(NamedTuple):
    """A concern that a person decided: the item with it alone, as JSON, and its vector (``<i2``)."""

    tenant: str
    concern: str
    language: str
    encoder: str
    vector: bytes
    record: bytes


class DecidedRow(NamedTuple):
    """One of them without its record; ``number`` grows with time."""

    number: int
    language: str
    encoder: str
    vector: bytes


class Labelled(NamedTuple):
    """A category that people added: the order as JSON, and its ordinal in the journal."""

    tenant: str
    name: str
    at: int
    order: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What one record of the topic means: ``wanted`` wait from here on, ``settled`` wait no more.

    People ``decided`` some, and what they decided of those in ``gone`` stands no more; they added ``labels``.
    """

    wanted: tuple[Wanted, ...] = ()
    settled: tuple[str, ...] = ()
    decided: tuple[Decided, ...] = ()
    gone: tuple[str, ...] = ()
    labels: tuple[Labelled, ...] = ()


class LabellingStore:
    """One file."""

    def __init__(self, path: Path) -> None:
        """Open or make ``path``. Raises ``StateCorrupt`` if it is no such file, ``StopWorker`` if it cannot be."""
        self._path = path
        with self._errors():
            self._db = opened(path, _SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # -- what waits ------------------------------------------------------------------------------------

    def take(
        self, changes: Iterable[Change], prompt_of: Callable[[str], str], positions: Mapping[str, int]
    ) -> None:
        """Remember what was read, and how far that was. What a tenant's prompt could not answer is not taken again."""
        with self._errors(), transaction(self._db):
            for change in changes:
                self._db.executemany(
                    "DELETE FROM pending WHERE concern = ?", [(name,) for name in change.settled]
                )
                self._db.executemany(
                    "INSERT INTO pending (tenant, concern, record, why) SELECT :tenant, :concern, :record, :why"
                    " WHERE NOT EXISTS (SELECT 1 FROM given_up WHERE concern = :concern AND prompt = :prompt)"
                    " ON CONFLICT (concern) DO UPDATE SET record = excluded.record, why = excluded.why",
                    [{**one._asdict(), "prompt": prompt_of(one.tenant)} for one in change.wanted],
                )
                self._take_decided(change)
            self._db.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", list(positions.items()))

    def _take_decided(self, change: Change) -> None:
        """The latest ``DECIDED`` of a tenant are kept, in the order in which they were read last."""
        gone = [(name,) for name in (*change.gone, *(one.concern for one in change.decided))]
        self._db.executemany("DELETE FROM decided WHERE concern = ?", gone)
        self._db.executemany(
            "INSERT INTO decided (tenant, concern, language, encoder, vector, record) VALUES (?, ?, ?, ?, ?, ?)",
            change.decided,
        )
        for tenant in {one.tenant for one in change.decided}:
            self._db.execute(_TRIM.format(table="decided"), (tenant, tenant, DECIDED))

    def waiting(self, limit: int, without: Sequence[str] = ()) -> list[Wanted]:
        """The concerns that have waited longest, at most ``limit``, of other tenants than ``without``."""
        marks = ", ".join("?" * len(without))
        asked = "SELECT tenant, concern, record, why FROM pending"
        asked += f" WHERE tenant NOT IN ({marks}) ORDER BY number LIMIT ?"
        with self._errors():
            return [Wanted(*row) for row in self._db.execute(asked, (*without, limit))]

    def count(self) -> int:
        """How many wait."""
        with self._errors():
            return int(self._db.execute("SELECT COUNT(*) FROM pending").fetchone()[0])

    def settle(self, concerns: Iterable[str], given_up: Mapping[str, str]) -> None:
        """These wait no more; of those ``given_up`` no answer to this prompt can be had."""
        with self._errors(), transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO given_up VALUES (?, ?)", list(given_up.items()))
            gone = [(name,) for name in (*concerns, *given_up)]
            self._db.executemany("DELETE FROM pending WHERE concern = ?", gone)

    def positions(self) -> dict[str, int]:
        """Where to read on, by place."""
        with self._errors():
            return dict(self._db.execute("SELECT place, next FROM positions"))

    # -- what was answered -----------------------------------------------------------------------------

    def cached(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The answers to these questions that are known."""
        found = {}
        with self._errors():
            for key in keys:
                row = self._db.execute("SELECT answer FROM cache WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = bytes(row[0])
        return found

    def cache(self, answers: Mapping[str, bytes]) -> None:
        """Keep answers; the oldest are let go beyond ``CACHED``."""
        with self._errors(), transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO cache VALUES (?, ?)", list(answers.items()))
            self._db.execute("DELETE FROM cache WHERE rowid <= (SELECT MAX(rowid) FROM cache) - ?", (CACHED,))

    # -- what people decided ---------------------------------------------------------------------------

    def decided(self, tenant: str) -> list[DecidedRow]:
        """What people decided of a tenant's concerns, the latest last."""
        asked = "SELECT number, language, encoder, vector FROM decided WHERE tenant = ? ORDER BY number"
        with self._errors():
            return [DecidedRow(*row) for row in self._db.execute(asked, (tenant,))]

    def decided_record(self, number: int) -> bytes:
        """One of them, whole."""
        with self._errors():
            row = self._db.execute("SELECT record FROM decided WHERE number = ?", (number,)).fetchone()
            return bytes(row[0])

    def forget_decided(self, numbers: Iterable[int]) -> None:
        """Let go of these: their words are gone."""
        with self._errors(), transaction(self._db):
            self._db.executemany("DELETE FROM decided WHERE number = ?", [(number,) for number in numbers])

    # -- which categories people added -----------------------------------------------------------------

    def keep_labels(self, labels: Iterable[Labelled]) -> None:
        """Keep the latest of each name, however often and in which order they are read."""
        kept = (
            "INSERT INTO labels VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = min(first, excluded.first),"
            " told = iif(excluded.latest > latest, excluded.told, told), latest = max(latest, excluded.latest)"
        )
        with self._errors(), transaction(self._db):
            self._db.executemany(kept, [(one.tenant, one.name, one.at, one.at, one.order) for one in labels])

    def labels(self) -> dict[str, list[bytes]]:
        """The orders of each tenant, where each name was ordered first."""
        found: dict[str, list[bytes]] = {}
        with self._errors():
            for tenant, told in self._db.execute("SELECT tenant, told FROM labels ORDER BY first, name"):
                found.setdefault(tenant, []).append(bytes(told))
        return found

    # -- whether models are believed --------------------------------------------------------------------

    def outcomes(self, tenant: str) -> list[bool]:
        """Whether answers about a tenant's concerns were believed, the latest last."""
        asked = "SELECT believed FROM outcomes WHERE tenant = ? ORDER BY number"
        with self._errors():
            return [bool(row[0]) for row in self._db.execute(asked, (tenant,))]

    def keep_outcomes(self, tenant: str, believed: Sequence[bool], last: int) -> None:
        """Add to them; the ``last`` are kept."""
        with self._errors(), transaction(self._db):
            rows = [(tenant, int(one)) for one in believed]
            self._db.executemany("INSERT INTO outcomes (tenant, believed) VALUES (?, ?)", rows)
            self._db.execute(_TRIM.format(table="outcomes"), (tenant, tenant, last))

    # -- what people were told -------------------------------------------------------------------------

    def was_told(self, what: str) -> bool:
        """Whether people know this."""
        with self._errors():
            return self._db.execute("SELECT 1 FROM told WHERE what = ?", (what,)).fetchone() is not None

    def tell(self, what: str) -> None:
        """Remember that people know this."""
        with self._errors(), transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO told VALUES (?)", (what,))

    def _errors(self) -> AbstractContextManager[None]:
        return sqlite_errors(self._path, "delete it: what waits is read again")
