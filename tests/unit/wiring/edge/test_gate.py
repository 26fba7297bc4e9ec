"""The gate: sealed, durable, in the right lane, under ids that do not change."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.jsonl.accepting import JsonlAccepting
from connectors.jsonl.log import read_log
from connectors.keys.vault import LocalVault
from connectors.vendors.port import (
    Connection,
    CustomerSeen,
    Gone,
    Hint,
    IssueSeen,
    Taken,
    Unreadable,
    Utterance,
)
from contracts.commands import Command, Erase, RetractItem
from contracts.envelope import Envelope
from contracts.errors import QuotaExceeded, RetryLater
from contracts.feedback import CustomerUpdated, FeedbackReceived
from contracts.identity import item_id
from contracts.registry import read_record
from wiring.edge.gate import Gate
from wiring.edge.quotas import Quota, Quotas
from wiring.edge.sealing import Sealer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Connection("acme-desk", "zendesk", "acme")


def said(record: str, text: str = "it is slow", **more: Any) -> Utterance:
    return Utterance(record, {"text": text, **more}, NOON)


class Edge:
    """A gate before a journal in files."""

    def __init__(self, folder: Path, quota: Quota | None = None) -> None:
        self.folder = folder
        self.vault = LocalVault(folder / "keys")
        self.accepting = JsonlAccepting({"journal": folder / "journal", "bulk": folder / "bulk"}, 1)
        self.hints: list[Hint] = []
        self.gate = Gate(
            Sealer(self.vault),
            self.accepting,
            1,
            quotas=Quotas(quota),
            now=lambda: NOON,
            on_hint=lambda _connection, hint: self.hints.append(hint),
        )

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        async def run() -> Any:
            with closing(self.gate), self.accepting:
                return await doing

        return asyncio.run(run())

    def accept(self, taken: Sequence[Taken], **how: Any) -> Any:
        return self.run(self.gate.accept(ACME, taken, **how))

    def records(self, lane: str = "journal") -> list[Any]:
        found: list[Envelope] = [
            read_record("journal", line.data) for line in read_log(self.folder / lane, 0)
        ]
        return found

    def opened(self, record: FeedbackReceived) -> Any:
        return self.vault.open("acme", record.body)


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    return Edge(tmp_path)


def test_an_utterance_is_sealed_under_its_author_and_named_by_connection_and_record(edge: Edge) -> None:
    edge.accept([said("7", author="ada@acme.test")])
    (record,) = edge.records()
    assert record.item_id == item_id("acme", "zendesk", "acme-desk/7")
    assert record.author == record.body.subject == edge.vault.subject("acme", "ada@acme.test")
    assert orjson.loads(edge.opened(record)) == {"text": "it is slow", "author": "ada@acme.test"}
    assert b"ada@" not in (edge.folder / "journal" / "p0000.jsonl").read_bytes()


@pytest.mark.parametrize("claimed", [datetime.min, datetime(1970, 1, 1), datetime(2999, 1, 1), datetime.max])
def test_what_cannot_have_happened_then_happened_now(edge: Edge, claimed: datetime) -> None:
    edge.accept([Utterance("7", {"text": "it is slow"}, claimed.replace(tzinfo=UTC))])
    (record,) = edge.records()
    assert record.event_time == NOON


def test_what_is_to_wait_in_the_bulk_lane_says_so_and_nothing_else_does(edge: Edge) -> None:
    edge.accept([said("7")], bulk=True)
    edge = Edge(edge.folder)
    edge.accept([said("8")])
    assert [record.waited for record in (*edge.records("bulk"), *edge.records())] == [True, None]


def test_a_record_that_is_gone_is_retracted_and_its_author_lives_on(edge: Edge) -> None:
    edge.accept([said("7", author="ada"), Gone("7", "deleted", author="ada")])
    record, command = edge.records()
    assert command.order == RetractItem(item_id=record.item_id, source="zendesk", why="deleted", at=NOON)
    assert edge.opened(record)


@pytest.mark.parametrize("author", ["ada", None])
def test_who_is_to_be_forgotten_is(edge: Edge, author: str | None) -> None:
    edge.accept([said("7", author=author), Gone("7", "privacy", author=author, erase=True)])
    record, _retract, erased = edge.records()
    assert erased.order == Erase(subject=record.body.subject)
    assert edge.opened(record) is None


def test_what_a_tracker_says_becomes_its_command(edge: Edge) -> None:
    edge.accept(
        [IssueSeen("linear", "c723c24b-5c71-4524-bc29-9010b4c13748", "ENG-1", "done", NOON, priority=2)]
    )
    (command,) = edge.records()
    assert (command.author, command.order.state, command.order.priority) == ("linear", "done", 2)
    assert command.order.issue_id == "c723c24b-5c71-4524-bc29-9010b4c13748"


def test_who_writes_again_after_that_gets_a_new_key(edge: Edge) -> None:
    edge.accept([Gone("7", "privacy", author="ada", erase=True), said("8", author="ada")])
    assert edge.opened(edge.records()[-1])


def test_customers_and_what_nobody_can_read_go_their_ways_and_hints_do_not_go_in(edge: Edge) -> None:
    edge.accept(
        [
            CustomerSeen("a-1", "Enterprise", 900.0),
            Unreadable("9", b"\xff\x00", "not UTF-8"),
            CustomerSeen("a-2", mrr=-1.0),
            Hint("ticket", "7"),
        ]
    )
    customer, unreadable, wrong = edge.records()
    assert isinstance(customer, CustomerUpdated)
    assert (customer.account, customer.tier, customer.mrr) == ("a-1", "enterprise", 900.0)
    assert (unreadable.unreadable, edge.opened(unreadable)) == ("not UTF-8", b"\xff\x00")
    assert wrong.unreadable.startswith("customer mrr")
    assert edge.hints == [Hint("ticket", "7")]


@pytest.mark.parametrize(
    "odd",
    [
        Utterance("7", {"text": "half \ud83d"}, NOON),
        Utterance("7", {"text": "x", "rating": 1 << 70}, NOON),
        Utterance("7", {"text": "x"}, NOON.replace(tzinfo=None)),
    ],
)
def test_what_cannot_be_written_down_goes_to_dead_letters_with_a_reason(edge: Edge, odd: Utterance) -> None:
    edge.accept([odd, said("8")])
    unreadable, fine = edge.records()
    assert unreadable.unreadable
    assert fine.unreadable is None


def test_what_a_tracker_says_that_fits_no_command_goes_to_dead_letters(edge: Edge) -> None:
    edge.accept(
        [IssueSeen("linear", "i1", "ENG-1", "done", NOON, url="https://x.test/" + "x" * 3_000), said("8")]
    )
    unreadable, fine = edge.records()
    assert unreadable.unreadable.startswith("issue ")
    assert fine.unreadable is None


@pytest.mark.parametrize("odd", [Utterance(7, {"text": "x"}, NOON), Gone(7, "deleted")])  # type: ignore[arg-type]
def test_a_defect_in_what_one_request_brings_is_its_own(edge: Edge, odd: Taken) -> None:
    async def at_once() -> list[object]:
        batches: list[list[Taken]] = [[said("1")], [odd], [said("2")]]
        return await asyncio.gather(
            *(edge.gate.accept(ACME, batch) for batch in batches), return_exceptions=True
        )

    told = edge.run(at_once())
    assert [isinstance(one, Exception) for one in told] == [False, True, False]
    assert len(edge.records()) == 2


def test_a_record_id_that_no_encoding_can_say_is_still_one_item(edge: Edge) -> None:
    edge.accept([said("\ud83d"), Gone("\ud83d", "deleted")])
    record, command = edge.records()
    assert command.order.item_id == record.item_id


def test_what_is_too_large_loses_its_context_first_then_its_end(edge: Edge) -> None:
    turns = [{"role": "agent", "text": "x" * 90_000}] * 60
    edge.accept([said("7", context=turns), said("8", "y" * 5_000_000)])
    short, cut = edge.records()
    assert orjson.loads(edge.opened(short))["context"] == []
    assert "more than a record may have" in cut.unreadable
    assert len(edge.opened(cut)) == 1 << 20


def test_above_its_share_a_tenant_waits_in_the_bulk_lane_and_far_above_it_is_refused(tmp_path: Path) -> None:
    edge = Edge(tmp_path, Quota(live_per_s=2, most_per_s=4, window_s=10))

    async def flooding() -> list[str]:
        told: list[str] = []
        for n in range(50):
            try:
                told.append((await edge.gate.accept(ACME, [said(str(n))])).lane)
            except QuotaExceeded as exc:
                told.append("refused" if exc.retry_after_s >= 1 else "at once")
        other = Connection("other", "zendesk", "globex")
        return [*told, (await edge.gate.accept(other, [said("1")])).lane]

    told = edge.run(flooding())
    assert told == ["journal"] * 20 + ["bulk"] * 20 + ["refused"] * 10 + ["journal"]
    assert (len(edge.records()), len(edge.records("bulk"))) == (21, 20)


def test_history_goes_to_the_bulk_lane_and_leaves_the_share_alone(tmp_path: Path) -> None:
    edge = Edge(tmp_path, Quota(live_per_s=1, most_per_s=100, window_s=10))

    async def both() -> list[str]:
        old = await edge.gate.accept(ACME, [said(str(n)) for n in range(30)], bulk=True)
        return [old.lane, (await edge.gate.accept(ACME, [said("new")])).lane]

    assert edge.run(both()) == ["bulk", "journal"]


def test_what_could_not_be_made_durable_is_refused_and_hints_wait(edge: Edge) -> None:
    class Away:
        trouble = "away"

        async def append(self, topic: str, partition: int, lines: Sequence[bytes]) -> None:
            raise RetryLater("away", retry_after_s=5)

    gate = Gate(Sealer(edge.vault), Away(), 1, on_hint=lambda _c, hint: edge.hints.append(hint))
    with closing(gate), pytest.raises(RetryLater):
        asyncio.run(gate.accept(ACME, [said("7"), Hint("ticket", "7")]))
    assert edge.hints == []


def test_requests_at_once_share_one_making_of_keys(edge: Edge) -> None:
    async def many() -> None:
        await asyncio.gather(*(edge.gate.accept(ACME, [said(str(n), author=f"p{n}")]) for n in range(200)))

    edge.run(many())
    assert {edge.opened(record) is None for record in edge.records()} == {False}
    assert len(edge.records()) == 200


def test_a_command_says_who_gave_it(edge: Edge) -> None:
    edge.accept([Gone("7", "")])
    (command,) = edge.records()
    assert isinstance(command, Command)
    assert (command.author, command.order.why) == ("edge", "deleted at its source")  # type: ignore[union-attr]


def test_a_data_directory_has_no_bulk_lane_that_nobody_would_feed() -> None:
    quotas = Quotas(Quota(live_per_s=1, most_per_s=100), has_bulk=False)
    assert [quotas.lane("acme", 50), quotas.lane("acme", 50, bulk=True)] == ["journal", "journal"]


def test_a_tracker_of_the_far_future_outdates_no_later_report(edge: Edge) -> None:
    name = "c723c24b-5c71-4524-bc29-9010b4c13748"
    edge.accept([IssueSeen("linear", name, "ENG-1", "done", datetime.max.replace(tzinfo=UTC))])
    (command,) = edge.records()
    assert (command.order.at, command.event_time) == (NOON, NOON)


@pytest.mark.parametrize(
    "more",
    [{"text": "half \ud83d"}, {"rating": 2**70}, {"text": "x" * 9_000_000}],
    ids=["half", "number", "long"],
)
def test_what_cannot_be_written_down_is_erased_with_its_author(edge: Edge, more: dict[str, Any]) -> None:
    edge.accept(
        [said("1", author="ada@acme.test"), Utterance("2", {"author": "ada@acme.test", **more}, NOON)]
    )
    readable, aside = edge.records()
    assert aside.unreadable
    assert aside.body.subject == aside.author == readable.author
    assert b"ada@acme.test" in edge.opened(aside)
    edge.vault.destroy("acme", readable.author)
    assert edge.opened(aside) is None


def test_an_author_who_cannot_be_written_down_stops_nobody(edge: Edge) -> None:
    edge.accept([Utterance("1", {"text": "hello", "author": "ada \ud83d"}, NOON), said("2")])
    assert [bool(record.unreadable) for record in edge.records()] == [True, False]
