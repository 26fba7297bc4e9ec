"""The spending file: shared by processes, kept through kill -9, refused when it is something else."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from connectors.llm.spend_store import SqliteSpendStore
from contracts.errors import StateCorrupt, StopWorker
from models.llm.spending import Caps, Refused
from tests.support.llm import DAY

RESERVE_AND_DIE = """
import os, signal, sys
from datetime import date
from pathlib import Path
from connectors.llm.spend_store import SqliteSpendStore
from models.llm.spending import Caps
store = SqliteSpendStore(Path(sys.argv[1]))
store.settle(store.reserve("acme", date(2026, 3, 10), 50, Caps()), 20)
store.reserve("acme", date(2026, 3, 10), 30, Caps())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_reservation_of_a_killed_process_counts_as_spent(tmp_path: Path) -> None:
    path = tmp_path / "spending.sqlite3"
    killed = subprocess.run([sys.executable, "-c", RESERVE_AND_DIE, path], check=False)
    assert killed.returncode == -9
    store = SqliteSpendStore(path)
    assert store.by_day("acme", DAY, DAY) == {DAY: 50}
    assert store.reserve("acme", DAY, 51, Caps(monthly_micro=100)) == Refused("month", 50)
    store.close()


def test_two_that_open_one_file_see_one_sum(tmp_path: Path) -> None:
    stores = [SqliteSpendStore(tmp_path / "spending.sqlite3") for _ in range(2)]

    def reserve(n: int) -> bool:
        return isinstance(stores[n % 2].reserve("acme", DAY, 10, Caps(monthly_micro=250)), int)

    with ThreadPoolExecutor(8) as callers:
        assert sum(callers.map(reserve, range(40))) == 25
    assert stores[0].by_day("acme", DAY, DAY) == stores[1].by_day("acme", DAY, DAY) == {DAY: 250}
    for store in stores:
        store.close()


def test_a_later_day_of_the_month_counts_towards_its_cap_too(tmp_path: Path) -> None:
    store = SqliteSpendStore(tmp_path / "spending.sqlite3")
    store.reserve("acme", date(2026, 3, 31), 90, Caps(monthly_micro=100))
    assert store.reserve("acme", DAY, 20, Caps(monthly_micro=100)) == Refused("month", 90)
    assert isinstance(store.reserve("acme", date(2026, 4, 1), 20, Caps(monthly_micro=100)), int)
    store.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spending.sqlite3"
    path.write_bytes(b"no ledger" * 1000)
    with pytest.raises(StateCorrupt, match="put it aside"):
        SqliteSpendStore(path)


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StopWorker, match="spending"):
        SqliteSpendStore(tmp_path / "file" / "spending.sqlite3")
