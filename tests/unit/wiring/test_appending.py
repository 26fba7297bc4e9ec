"""Orders are appended in order, at most so many a second, and not in the middle of a load."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jsonl.log import JsonlLog, read_log
from connectors.keys.vault import LocalVault
from contracts.commands import Command, DropLetter
from contracts.errors import WrongUsage
from contracts.registry import read_record
from wiring.appending import Given, Orders, embedded_orders
from wiring.erasing import erase_author
from wiring.loads import Load, LoadBook

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def drops(count: int) -> list[Given]:
    return [Given("acme", DropLetter(letter=f"0-{n}-intake-0", why="junk")) for n in range(count)]


def ordered(directory: Path) -> list[str]:
    records = (read_record("journal", line.data) for line in read_log(directory / "logs" / "journal", 0))
    orders = [record.order for record in records if isinstance(record, Command)]
    return [order.letter for order in orders if isinstance(order, DropLetter)]


def test_orders_keep_their_order(tmp_path: Path) -> None:
    with embedded_orders(tmp_path, 1, lambda: NOW) as orders:
        orders.give("ann", drops(3))
        assert orders.total("acme") == 3
    assert ordered(tmp_path) == [f"0-{n}-intake-0" for n in range(3)]


def test_nobody_orders_anything(tmp_path: Path) -> None:
    with embedded_orders(tmp_path, 1, lambda: NOW) as orders:
        with pytest.raises(WrongUsage, match="the author is empty"):
            orders.give("  ", drops(1))
        assert orders.total("acme") == 0


def test_an_erasure_by_nobody_destroys_no_key(tmp_path: Path) -> None:
    with embedded_orders(tmp_path, 1, lambda: NOW) as orders:
        subject = orders.vault.subject("acme", "ada")
        orders.vault.ensure("acme", [subject])
        with pytest.raises(WrongUsage, match="the author is empty"):
            erase_author(orders, "", "acme", "ada")
        assert not orders.vault.was_destroyed("acme", subject)


def test_a_rate_puts_a_pause_between_orders(tmp_path: Path) -> None:
    pauses: list[float] = []
    with closing(LocalVault(tmp_path / "keys")) as vault, JsonlLog(tmp_path / "j", 1) as journal:
        Orders(journal, 1, vault, lambda: NOW, pauses.append).give("ann", drops(3), per_s=20)
        assert (pauses, journal.count(0)) == ([0.05, 0.05], 3)


def test_in_the_middle_of_a_load_nothing_is_ordered(tmp_path: Path) -> None:
    LoadBook(tmp_path).begin(Load("f.csv", "0" * 64, {}, NOW.isoformat(), 0))
    with (
        pytest.raises(WrongUsage, match=r"f\.csv is not finished"),
        embedded_orders(tmp_path, 1, lambda: NOW),
    ):
        raise AssertionError
