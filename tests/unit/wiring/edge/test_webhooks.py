"""Webhooks: the right status for everything that may come, and 2xx only for what is durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connectors.keys import vault as vault_module
from connectors.vendors.port import Connection, Request, Taken
from tests.support.edge import NOON, OLD_SECRET, Desk, Desks, at_the_desks, said, signed
from wiring.edge.quotas import Quota

pytestmark = pytest.mark.lengthy


def test_what_is_answered_with_200_is_in_the_journal_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    async def send(edge: Desks) -> None:
        for expected in ("taken", "repeat"):
            answer = await edge.post(said("1", "2"), signed(said("1", "2")))
            assert (answer.status_code, answer.text, edge.counted(expected)) == (200, "ok", 1)
            assert len(edge.records()) == 2

    at_the_desks(tmp_path, send)


@pytest.mark.parametrize(
    "address", ["", "desk", "desk/", "desk/nobody", "other/acme-desk", "desk/acme-desk/x", "%00/x"]
)
def test_an_address_that_nobody_knows_is_asked_to_come_again_and_never_told_404(
    tmp_path: Path, address: str
) -> None:
    async def send(edge: Desks) -> httpx.Response:
        return await edge.post(said("1"), signed(said("1")), f"/webhooks/{address}")

    answer = at_the_desks(tmp_path, send)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")


def test_both_secrets_count_while_one_is_rotated_and_the_old_one_no_more_after_that(tmp_path: Path) -> None:
    async def send(edge: Desks) -> list[int]:
        old = signed(said("1"), secret=OLD_SECRET, delivery="d-2")
        during = await edge.post(said("1"), old)
        edge.secrets.pop()
        after = await edge.post(said("1"), old | {"X-Delivery": "d-3"})
        return [during.status_code, after.status_code]

    assert at_the_desks(tmp_path, send) == [200, 401]


def test_a_signature_holds_for_five_minutes_to_either_side(tmp_path: Path) -> None:
    async def send(edge: Desks) -> list[int]:
        told = []
        for seconds in (-301, -299, 299, 301):
            at = NOON + timedelta(seconds=seconds)
            told.append(
                (await edge.post(said("1"), signed(said("1"), at=at, delivery=str(seconds)))).status_code
            )
        return told

    assert at_the_desks(tmp_path, send) == [401, 200, 200, 401]


def test_a_mapping_that_nobody_thought_of_loses_nothing(tmp_path: Path) -> None:
    vendor = Desk()
    vendor.fails = True

    async def send(edge: Desks) -> str:
        assert (await edge.post(said("1"), signed(said("1")))).status_code == 200
        (record,) = edge.records()
        return str(record.unreadable)

    assert at_the_desks(tmp_path, send, vendor=vendor) == "mapping failed: LookupError"


def test_no_log_has_what_a_customer_wrote_whatever_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class Careless(Desk):
        def received(self, _connection: Connection, request: Request) -> Sequence[Taken]:
            raise LookupError(request.body.decode())

    async def send(edge: Desks) -> None:
        body = said("1", text="my name is Ada Lovelace")
        assert (await edge.post(body, signed(body))).status_code == 200

    at_the_desks(tmp_path, send, vendor=Careless())
    told = "".join(capfd.readouterr())
    assert "webhook_mapping_failed" in told
    assert "Ada" not in told


def test_hints_are_passed_on(tmp_path: Path) -> None:
    body = b'{"said": [], "changed": ["7"]}'

    async def send(edge: Desks) -> list[str]:
        await edge.post(body, signed(body))
        return [hint.record_id for hint in edge.hints]

    assert at_the_desks(tmp_path, send) == ["7"]


def test_a_missing_secret_is_our_fault_and_the_vendor_comes_again(tmp_path: Path) -> None:
    class Forgetful(Desk):
        def verify(self, *_: object) -> str:
            from contracts.errors import WrongUsage

            raise WrongUsage("connection acme-desk: secrets/new: No such file")

    async def send(edge: Desks) -> tuple[int, bool]:
        answer = await edge.post(said("1"), signed(said("1")))
        return answer.status_code, "secrets" in answer.text

    assert at_the_desks(tmp_path, send, vendor=Forgetful()) == (503, False)


def test_one_that_floods_is_told_when_to_come_again_and_the_others_do_not_notice(tmp_path: Path) -> None:
    async def send(edge: Desks) -> None:
        told = []
        for n in range(24):
            told.append(await edge.post(said(str(n)), signed(said(str(n)), delivery=str(n))))
        assert [one.status_code for one in told] == [200] * 20 + [429] * 4
        assert int(told[-1].headers["retry-after"]) >= 1
        other = await edge.post(said("1"), signed(said("1")), "/webhooks/desk/globex-desk")
        assert other.status_code == 200
        assert (len(edge.records()), len(edge.records("bulk"))) == (11, 10)

    at_the_desks(tmp_path, send, quota=Quota(live_per_s=1, most_per_s=2, window_s=10))


def test_a_disk_that_takes_no_key_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True]
    begin = vault_module.transaction

    @contextmanager
    def transaction(db: sqlite3.Connection) -> Iterator[None]:
        with begin(db):
            if full[0]:
                raise sqlite3.OperationalError("database or disk is full")
            yield

    monkeypatch.setattr(vault_module, "transaction", transaction)

    async def work(edge: Desks) -> list[tuple[int, str | None]]:
        told = []
        for full[0] in (True, True, False):
            answer = await edge.post(said("r1"), signed(said("r1")))
            told.append((answer.status_code, answer.headers.get("retry-after")))
        return told

    assert at_the_desks(tmp_path, work) == [(503, "5"), (503, "5"), (200, None)]
