"""Open the edge's store, on SQLite or PostgreSQL, at the schema that this code knows.

SQLite: a file with a write-ahead log, on disk when a transaction ends; one writer at a time, of any number of
processes. PostgreSQL: whatever URL SQLAlchemy takes (``postgresql+psycopg://…``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from connectors.sqlite import emptied_log, keep_log
from contracts.errors import RetryLater, StateCorrupt, WrongUsage

MIGRATIONS = Path(__file__).with_name("migrations")

# Any number that no other program on the same PostgreSQL uses: only one process migrates at a time.
_MIGRATING = 7_401_936_025


def inserting(into: Table, store: Engine | Connection) -> postgresql.Insert | sqlite.Insert:
    """An insert in the store's own dialect, which can say what is to happen on conflict."""
    return postgresql.insert(into) if store.dialect.name == "postgresql" else sqlite.insert(into)


def sqlite_url(path: Path) -> str:
    """The address of an embedded store."""
    return f"sqlite:///{path}"


def open_store(url: str) -> Engine:
    """The store at ``url``, migrated to the newest schema; safe when several processes start at once.

    Raises ``WrongUsage`` for an address that names no store, ``RetryLater`` when the server is away, ``StateCorrupt``
    for a store whose schema is newer than this code.
    """
    try:
        # A server may have gone away meanwhile; a file has not, and asking costs as much as a short query.
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (SQLAlchemyError, ModuleNotFoundError) as exc:
        raise WrongUsage(
            f"store address: {type(exc).__name__}; say sqlite:///PATH or postgresql+psycopg://…"
        ) from exc
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        with store_errors():
            _migrate(engine)
        undo.pop_all()
    return engine


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what a database raises into ``RetryLater`` (away, locked) or ``StateCorrupt``; no message holds a value."""
    try:
        yield
    except OperationalError as exc:
        raise RetryLater(f"store: {_said(exc)}", retry_after_s=1.0) from exc
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise RetryLater(f"store: {_said(exc)}", retry_after_s=1.0) from exc
        raise StateCorrupt(f"store: {_said(exc)}; restore it from your backup") from exc


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction: all of it is durable when this ends, or nothing is. Raises as ``store_errors``."""
    with store_errors(), engine.begin() as connection:
        yield connection


def leave_the_disk(engine: Engine) -> None:
    """Let what was overwritten or deleted go from the files of an embedded store now, and not some time later.

    Where others are in the way for long, the next call does it. A server's files are its operator's concern.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as raw:
            if isinstance(raw.driver_connection, sqlite3.Connection):
                emptied_log(raw.driver_connection)


def in_turn(writer: Connection, name: str) -> None:
    """Hold up whoever else asks for ``name`` until the transaction ends; SQLite has one writer at a time anyway."""
    if writer.dialect.name == "postgresql":
        writer.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def micros(moment: datetime) -> int:
    """A time as the store keeps it: microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(micros_: int) -> datetime:
    """A time that the store kept."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros_)


def _said(exc: DBAPIError) -> str:
    return str(exc.orig).strip().partition("\n")[0]


def _prepare_sqlite(engine: Engine) -> None:
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def _connected(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None  # the driver shall begin nothing by itself
        keep_log(raw)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A reader that becomes a writer could find the file changed meanwhile: writers queue from the start.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATING})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise StateCorrupt(
                f"store: its schema is none of {', '.join(sorted(known))}: it was made by newer code; run that"
            ) from exc
