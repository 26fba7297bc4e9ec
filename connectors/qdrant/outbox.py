"""Writes that wait for a server that is away: in order, on disk, bounded.

In:    operations on points.    Out: the oldest of them, until they are said to be done.
State: ``outbox.db`` in the stage's directory (SQLite, synced at each commit); what ``append`` returned from
       survives a loss of power. Vectors, ids and payload fields, never text; what is done is overwritten.
All processes of a stage share one outbox, so a tenant's writes stay in order when its partition moves to another
process. One process at a time drains (``draining``).
"""

from __future__ import annotations

import base64
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson

from connectors.durable import file_errors, sync_directory
from connectors.qdrant.points import StoredPoint
from connectors.sqlite import opened, transaction
from contracts.errors import RetryLater, StateCorrupt, StopWorker

MAX_BYTES = 1 << 30
"""Largest outbox: about 600,000 concerns of 384 dimensions. Beyond it the stream waits."""

SCHEMA = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS waiting (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT NOT NULL,
    verb   TEXT NOT NULL,
    tenant TEXT NOT NULL,
    body   BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting_by_tenant ON waiting (tenant, kind);
"""

Verb = Literal["put", "drop", "keep_only"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One write to the collection of a kind (``themes`` or ``items``): points to put, or ids to drop or keep."""

    kind: str
    verb: Verb
    tenant: str
    points: tuple[StoredPoint, ...] = ()
    ids: tuple[str, ...] = ()

    def body(self) -> bytes:
        """Points and ids as JSON, vectors as base64 of little-endian int16."""
        points = [
            (p.id, base64.b64encode(p.vector.astype("<i2").tobytes()).decode(), dict(p.payload))
            for p in self.points
        ]
        return orjson.dumps({"points": points, "ids": self.ids})

    @classmethod
    def read(cls, kind: str, verb: Verb, tenant: str, body: bytes) -> Operation:
        """The operation whose body this is."""
        told = orjson.loads(body)
        points = tuple(
            StoredPoint(id_, np.frombuffer(base64.b64decode(data), "<i2").astype(np.int16), payload)
            for id_, data, payload in told["points"]
        )
        return cls(kind, verb, tenant, points, tuple(told["ids"]))


class Outbox:
    """The queue of one stage; any number of processes append, one drains."""

    def __init__(self, directory: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """Open or create. Raises ``StateCorrupt`` for a damaged file, ``StopWorker`` for a disk that is full."""
        self._path = directory / "outbox.db"
        self._max_bytes = max_bytes
        with file_errors(self._path):
            directory.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._lock = os.open(directory / "outbox.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with self._errors():
            self._db = opened(self._path, SCHEMA)
        with file_errors(self._path):
            sync_directory(directory)

    @property
    def lag(self) -> int:
        """Number of operations that wait. They are numbered without gaps, so no row is counted."""
        first, last = self._row("SELECT min(seq), max(seq) FROM waiting")
        return 0 if first is None else int(last) - int(first) + 1

    @property
    def used_bytes(self) -> int:
        """Bytes that operations take on disk, give or take a page."""
        pages, free, size = (
            self._row(f"PRAGMA {name}")[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    @property
    def is_full(self) -> bool:
        """Whether ``append`` refuses."""
        return self.used_bytes >= self._max_bytes

    def waits_for(self, tenant: str, kind: str) -> bool:
        """Whether a write to this collection of the tenant waits."""
        asked = "SELECT EXISTS (SELECT 1 FROM waiting WHERE tenant = ? AND kind = ?)"
        return bool(self._row(asked, tenant, kind)[0])

    def append(self, operations: Sequence[Operation]) -> None:
        """Add at the end, all or none, durably. Raises ``RetryLater`` when the outbox is full."""
        if self.is_full:
            raise RetryLater(
                f"{self._path}: full ({self._max_bytes} bytes, {self.lag} writes); bring the Qdrant server back",
                retry_after_s=30.0,
            )
        rows = [(o.kind, o.verb, o.tenant, o.body()) for o in operations]
        with self._errors(), transaction(self._db):
            self._db.executemany("INSERT INTO waiting (kind, verb, tenant, body) VALUES (?, ?, ?, ?)", rows)

    def head(self, operations: int) -> list[tuple[int, Operation]]:
        """The oldest so many with their numbers, in order."""
        with self._errors():
            asked = "SELECT seq, kind, verb, tenant, body FROM waiting ORDER BY seq LIMIT ?"
            rows = self._db.execute(asked, (operations,)).fetchall()
            return [(seq, Operation.read(*rest)) for seq, *rest in rows]

    def done(self, through: int) -> None:
        """Forget everything up to this number: the server has it."""
        with self._errors():
            self._db.execute("DELETE FROM waiting WHERE seq <= ?", (through,))

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Whether we are the one process that drains; it is until the block ends or the process dies."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the files; what waits stays; doing it twice is doing it once."""
        self._db.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _row(self, asked: str, *values: str) -> Any:
        with self._errors():
            return self._db.execute(asked, values).fetchone()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.ProgrammingError) as exc:
            raise StopWorker(f"{self._path}: {exc}; free space or fix the rights, then start again") from exc
        except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as exc:
            raise StateCorrupt(
                f"{self._path}: {exc}; remove it and rebuild the index, which lacks what waited here"
            ) from exc
