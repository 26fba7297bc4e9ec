"""What every connector that keeps a SQLite file needs: opening, whole transactions, errors that name the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from contracts.errors import StateCorrupt, StopWorker

BUSY_S = 30.0
"""How long one writer waits for another; each holds a file for about a millisecond."""


def opened(path: Path, schema: str) -> sqlite3.Connection:
    """A connection in autocommit mode, with a write-ahead log; on disk when a transaction ends.

    For several threads if they take turns. Raises what SQLite and the file system raise: see ``sqlite_errors``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        keep_log(db)
        db.executescript(schema)
    except sqlite3.Error:
        db.close()
        raise
    return db


def keep_log(db: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log that is on disk when a transaction ends; any number may open it at once.

    SQLite waits ``BUSY_S`` for another writer, but not where it turns a new file's log on: of two that read the file
    and both want it for themselves, it refuses one at once (sqlite.org, "busy_timeout" and "deadlock"). That one asks
    again here.
    """
    db.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
    for attempt in Retrying(
        retry=retry_if_exception(_is_busy),
        stop=stop_after_delay(BUSY_S),
        wait=wait_random(0.001, 0.02),
        reraise=True,
    ):
        with attempt:
            db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    # What is deleted is overwritten; not every build of SQLite does so by itself.
    db.execute("PRAGMA secure_delete=ON")


def emptied_log(db: sqlite3.Connection, within_s: float = 2.0) -> bool:
    """Move the write-ahead log into the file and empty it, so that what was deleted is in neither.

    False where others read or write for longer than ``within_s``, or the disk takes nothing.
    """
    db.execute(f"PRAGMA busy_timeout={int(within_s * 1000)}")
    try:
        busy, *_pages = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
    return not busy


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """The only writer of all processes: all of it is on disk when this ends, or none."""
    db.execute("BEGIN IMMEDIATE")
    with ExitStack() as failed:
        failed.callback(_rolled_back, db)
        yield
        # On a full disk this may fail and leave the transaction open, which no other can follow.
        db.execute("COMMIT")
        failed.pop_all()


def _rolled_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


@contextmanager
def sqlite_errors(path: Path, remedy: str) -> Iterator[None]:
    """Turn what is raised over ``path`` into ``StopWorker``, or ``StateCorrupt`` with the ``remedy``."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise StopWorker(f"{path}: {exc}; free space or fix the rights, then start again") from exc
    except sqlite3.DatabaseError as exc:
        raise StateCorrupt(f"{path}: {exc}; {remedy}") from exc
    except OSError as exc:
        raise StopWorker(f"{path}: {exc.strerror or exc}") from exc


def _is_busy(exc: BaseException) -> bool:
    """The file is another's at the moment; the rest of the code's bits say why (``SQLITE_BUSY_RECOVERY`` …)."""
    return isinstance(exc, sqlite3.OperationalError) and exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
