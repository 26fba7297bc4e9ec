"""Several processes open a new SQLite file at once, or replace a file: each waits, or has its say whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest

from connectors.durable import replace_whole
from connectors.sqlite import opened
from connectors.store.engine import open_store, sqlite_url

NEW_FILES = 10


def _store(path: Path) -> None:
    open_store(sqlite_url(path)).dispose()


def _file(path: Path) -> None:
    opened(path, "CREATE TABLE IF NOT EXISTS rows (row INTEGER PRIMARY KEY)").close()


@pytest.fixture(params=[_store, _file], ids=["store", "file"])
def open_file(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    chosen: Callable[[Path], None] = request.param
    return chosen


def test_a_file_that_another_writes_before_it_has_its_log_is_waited_for(
    tmp_path: Path, open_file: Callable[[Path], None]
) -> None:
    path = tmp_path / "kept.sqlite3"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        opening = pool.submit(open_file, path)
        assert wait([opening], timeout=0.2).not_done  # SQLite refuses this within a millisecond
        other.execute("ROLLBACK")
        opening.result(timeout=30)


def test_new_files_may_be_opened_by_several_at_once(
    tmp_path: Path, open_file: Callable[[Path], None]
) -> None:
    with ThreadPoolExecutor(6) as pool:
        for number in range(NEW_FILES):
            list(pool.map(open_file, [tmp_path / f"{number}.sqlite3"] * 6))


def test_a_file_that_two_replace_at_once_is_whole_and_the_last_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, sync = tmp_path / "note.json", os.fsync
    others = [b"another's, and longer"]

    def meanwhile(fd: int) -> None:
        sync(fd)
        if others:
            replace_whole(target, others.pop())

    monkeypatch.setattr("connectors.durable.os.fsync", meanwhile)
    replace_whole(target, b"ours")
    assert target.read_bytes() == b"ours"
    assert list(tmp_path.iterdir()) == [target]
