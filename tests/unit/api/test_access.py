"""API keys: shown once, hashed, scoped, over in time, revoked, and of one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from contracts.errors import WrongUsage
from tests.support.api import NOON, Service, serving

pytestmark = pytest.mark.lengthy

ITEM = {"external_id": "r-1", "text": "the export is slow"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path) as opened:
        yield opened


def test_no_key_or_a_wrong_one_is_401_and_says_how(service: Service) -> None:
    key = service.key
    other = "A" if key[20] != "A" else "B"
    unknown = "uc_000000000000_" + "A" * 43
    wrong = ["", "x", key[:-1], key + "A", key[:20] + other + key[21:], unknown]
    for one in wrong:
        answer = service.client.post("/v1/feedback", json=ITEM, headers={"Authorization": f"Bearer {one}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), one
    assert service.client.post("/v1/feedback", json=ITEM).status_code == 401
    assert service.records() == []


def test_a_key_without_the_scope_is_403(service: Service) -> None:
    assert service.post(ITEM, service.make_key("acme", "uploads:write")).status_code == 403


def test_a_key_writes_for_its_own_tenant_alone(service: Service) -> None:
    service.post(ITEM, service.make_key("globex"))
    assert [record.tenant for record in service.records()] == ["globex"]


def test_an_upload_is_its_key_s_tenant_s_and_nobody_else_s(service: Service) -> None:
    def bearer(tenant: str, scope: str = "uploads:write") -> dict[str, str]:
        return {"Authorization": f"Bearer {service.make_key(tenant, scope)}"}

    made = service.client.post("/v1/uploads", json={"file": "f.csv"}, headers=bearer("acme"))
    place = made.headers["location"]
    seen = [service.client.get(place, headers=bearer(whose)).status_code for whose in ("acme", "globex")]
    assert (made.status_code, seen) == (201, [200, 404])
    refused = service.client.post(
        "/v1/uploads", json={"file": "f.csv"}, headers=bearer("acme", "feedback:write")
    )
    assert (refused.status_code, service.client.get(place).status_code) == (403, 401)


def test_a_key_is_over_in_time(service: Service) -> None:
    key = service.make_key(expires_at=NOON + timedelta(days=1))
    assert service.post(ITEM, key).status_code == 202
    service.clock[0] = NOON + timedelta(days=1)
    assert service.post(ITEM, key).status_code == 401


def test_a_revoked_key_opens_nothing_after_five_seconds(service: Service) -> None:
    assert service.post(ITEM).status_code == 202
    assert service.keys.revoke(service.key.split("_")[1], NOON)
    service.seconds[0] = 5.0
    assert service.post(ITEM).status_code == 401
    assert not service.keys.revoke(service.key.split("_")[1], NOON)


def test_a_key_has_a_limit_of_its_own(service: Service) -> None:
    key = service.make_key(per_s=1)
    told = [service.post(ITEM, key).status_code for _ in range(12)]
    assert told == [202] * 10 + [429] * 2


def test_the_store_keeps_nothing_that_opens_anything(service: Service, tmp_path: Path) -> None:
    service.post(ITEM)
    secret = service.key.split("_", 2)[2].encode()
    assert not any(secret in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    (kept,) = service.keys.all("acme")
    assert (kept.used_at, len(kept.digest)) == (NOON, 32)


def test_a_scope_that_nobody_knows_is_named(service: Service) -> None:
    with pytest.raises(WrongUsage, match="scope all: there are feedback:write"):
        service.make_key("acme", "all")


@pytest.mark.parametrize("tenant", ["", "A B", "../acme", "*"])
def test_a_key_of_a_tenant_that_no_record_can_name_is_not_made(service: Service, tenant: str) -> None:
    with pytest.raises(WrongUsage, match="tenant"):
        service.make_key(tenant)


@pytest.mark.parametrize("key", [None, "feedback:write"])
def test_no_body_is_read_of_who_may_make_no_uploads(service: Service, key: str | None) -> None:
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["authorization"] = f"Bearer {service.make_key('acme', key)}"
    answer = service.client.post("/v1/uploads", content=b"{", headers=headers)
    assert answer.status_code == (401 if key is None else 403)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"file": NaN}', 400),
        (rb'{"file": "f.csv", "map": "text=\ud83d"}', 400),
        (b"{" + b" " * (9 << 20), 413),
        (b'{"file": 7}', 422),
        (orjson.dumps({"file": "ü" * 196 + ".csv"}), 422),
    ],
)
def test_what_makes_no_upload_is_refused_in_one_line(service: Service, body: bytes, status: int) -> None:
    headers = {"authorization": f"Bearer {service.make_key('acme', 'uploads:write')}"}
    answer = service.client.post(
        "/v1/uploads", content=body, headers=headers | {"content-type": "application/json"}
    )
    assert (answer.status_code, type(answer.json()["detail"])) == (status, str)


def test_a_piece_that_is_packed_on_its_way_is_refused_and_not_kept(service: Service) -> None:
    headers = {"authorization": f"Bearer {service.make_key('acme', 'uploads:write')}"}
    place = service.client.post("/v1/uploads", json={"file": "f.csv"}, headers=headers).headers["location"]
    answer = service.client.put(
        f"{place}/content", content=b"\x1f\x8b", headers=headers | {"content-encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert service.client.get(place, headers=headers).json()["received"] == 0


def test_a_header_that_does_not_fit_is_named_in_words(service: Service) -> None:
    answer = service.post(ITEM, idempotency_key="k" * 201)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("header.idempotency-key: ")


def test_who_hangs_up_in_the_middle_of_a_body_is_no_fault(service: Service) -> None:
    async def hangs_up() -> list[int]:
        told: list[int] = []
        heard = iter([{"type": "http.request", "body": b"{", "more_body": True}])

        async def receive() -> Any:
            return next(heard, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            told.extend([message["status"]] if "status" in message else [])

        headers = [(b"authorization", f"Bearer {service.key}".encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/feedback", "headers": headers}
        await service.app(scope | {"query_string": b"", "http_version": "1.1"}, receive, send)
        return told

    assert asyncio.run(hangs_up()) == [400]
