"""Journal records as they are made: sealed, readable, and the same bytes whenever they are made again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from connectors.keys.vault import LocalVault
from contracts.commands import Command, LoadBegin
from contracts.feedback import Coordinates, CustomerUpdated, FeedbackReceived, Tick
from contracts.registry import read_journal
from tests.support.steps import NOON
from wiring.journal import Arrival, RecordMaker

WHERE = Coordinates(origin="f.csv", line=2)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[LocalVault]:
    vault = LocalVault(tmp_path)
    yield vault
    vault.close()


@pytest.fixture
def maker(vault: LocalVault) -> RecordMaker:
    return RecordMaker("acme", vault, NOON)


def arrival(record: str = "r1", **body: object) -> Arrival:
    return Arrival(NOON, NOON - timedelta(days=1), "tickets", record, {"text": "hello"} | body, WHERE)


def read(line: bytes) -> FeedbackReceived:
    record = read_journal(0, 7, line)
    assert isinstance(record, FeedbackReceived)
    return record


def test_a_delivery_reads_back_sealed_at_its_place(maker: RecordMaker, vault: LocalVault) -> None:
    (line,) = maker.feedback([arrival(author="jo@example.com")])
    record = read(line)
    assert (record.id, record.event_time, record.ingested_at) == ("0-7", NOON - timedelta(days=1), NOON)
    assert orjson.loads(vault.open("acme", record.body) or b"")["text"] == "hello"
    assert not {b"hello", b"example"} & {word for word in (b"hello", b"example") if word in line}


def test_the_same_delivery_makes_the_same_bytes(maker: RecordMaker, vault: LocalVault) -> None:
    again = RecordMaker("acme", vault, NOON)
    assert maker.feedback([arrival()]) == again.feedback([arrival()])


def test_one_author_is_one_subject_and_no_author_is_one_per_item(maker: RecordMaker) -> None:
    lines = maker.feedback(
        [
            arrival("a", author="jo"),
            arrival("b", author="jo"),
            arrival("c"),
            arrival("d"),
            arrival("c", rating=1),
        ]
    )
    jo, again, one, other, edit = (read(line).body.subject for line in lines)
    assert (jo == again, one == other, one == edit) == (True, False, True)


def test_what_could_not_be_read_belongs_to_the_tenant(maker: RecordMaker, vault: LocalVault) -> None:
    (line,) = maker.feedback([Arrival(NOON, NOON, "f", "line 3", None, WHERE, b"\xff", "not valid UTF-8")])
    record = read(line)
    assert (record.body.subject, record.author, record.unreadable) == ("dead-letter", None, "not valid UTF-8")
    assert vault.open("acme", record.body) == b"\xff"


def test_what_could_not_be_read_is_erased_with_its_author_where_he_is_known(
    maker: RecordMaker, vault: LocalVault
) -> None:
    raw = Arrival(NOON, NOON, "f", "7", None, WHERE, b"{'text'", "no JSON", author="jo")
    record, readable = map(read, maker.feedback([raw, arrival("a", author="jo")]))
    assert record.body.subject == record.author == readable.author
    vault.destroy("acme", record.body.subject)
    assert vault.open("acme", record.body) is None


def test_an_account_that_may_be_a_person_s_is_hashed_before_it_is_written(maker: RecordMaker) -> None:
    lines = [maker.customer(name, "pro", None, NOON) for name in ("jo@example.com", "(202) 555-0143", "Acme")]
    accounts = [read_journal(0, n, line).account for n, line in enumerate(lines)]  # type: ignore[attr-defined]
    assert [name.partition("-")[0] for name in accounts] == ["account", "account", "Acme"]
    assert not any(word in line for line in lines for word in (b"example", b"0143"))


def test_ticks_customers_and_commands_read_back(maker: RecordMaker) -> None:
    lines = [
        maker.tick(NOON),
        maker.customer("acct", "PRO", 1.5, NOON),
        maker.command("ann", LoadBegin(origin="f"), NOON),
    ]
    tick, customer, command = (read_journal(0, n, line) for n, line in enumerate(lines))
    assert isinstance(tick, Tick)
    assert isinstance(customer, CustomerUpdated)
    assert (customer.tier, customer.mrr) == ("pro", 1.5)
    assert isinstance(command, Command)
    assert command.order == LoadBegin(origin="f")


def test_no_record_holds_a_newline(maker: RecordMaker) -> None:
    lines = [*maker.feedback([arrival(author="a\nb")]), maker.customer("a\nb", "pro", None, NOON)]
    assert not any(b"\n" in line for line in lines)
