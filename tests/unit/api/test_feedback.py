"""``POST /v1/feedback``: every item that fits is durable once, and every other one is named."""

from __future__ import annotations

import gzip
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.bodies import FeedbackItem
from contracts.errors import RetryLater
from contracts.feedback import FeedbackBody
from contracts.identity import item_id
from tests.support.api import NOON, Service, serving
from wiring.edge.quotas import Quota


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path) as opened:
        yield opened


def item(record: str | None = "r-1", text: str = "the export is slow", **more: Any) -> dict[str, Any]:
    return {"external_id": record, "text": text, **more}


def test_one_item_is_durable_when_it_is_accepted(service: Service) -> None:
    answer = service.post(item(author="ada@acme.test", rating=2, tier="Pro"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0, "rejected": []})
    (record,) = service.records()
    assert (record.source, record.item_id) == ("api", item_id("acme", "api", "api/id r-1"))
    assert service.said() == [
        {"text": "the export is slow", "author": "ada@acme.test", "rating": 2.0, "tier": "Pro"}
    ]


def test_every_field_that_is_wrong_is_named(service: Service) -> None:
    answer = service.post(item("a", "", rating=9))
    assert [one["field"] for one in answer.json()["rejected"]] == ["text", "rating"]


def test_a_batch_takes_what_fits_and_names_what_does_not(service: Service) -> None:
    wrong = [
        item("a", ""),
        item("b", rating=9),
        item("c", colour="red"),
        item(None),
        7,
        item("d", created_at="2026-01-01T00:00:00"),
    ]
    answer = service.post({"items": [item("1"), *wrong, item("2", source="forum")]})
    told = answer.json()
    assert (answer.status_code, told["accepted"]) == (202, 2)
    assert [(one["index"], one["field"]) for one in told["rejected"]] == [
        (1, "text"),
        (2, "rating"),
        (3, "colour"),
        (4, "external_id"),
        (5, ""),
        (6, "created_at"),
    ]
    assert {record.source for record in service.records()} == {"api", "forum"}


def test_what_was_sent_before_word_for_word_is_a_duplicate_and_other_words_are_a_revision(
    service: Service,
) -> None:
    for expected in ((1, 0), (0, 1)):
        told = service.post(item()).json()
        assert (told["accepted"], told["duplicates"]) == expected
    assert service.post(item(text="no, it is broken")).json()["accepted"] == 1
    first, second = service.records()
    assert first.item_id == second.item_id


def test_the_same_item_twice_in_a_batch_is_taken_once(service: Service) -> None:
    told = service.post({"items": [item(), item(), item("r-2")]}).json()
    assert (told["accepted"], told["duplicates"], len(service.records())) == (2, 1, 2)


def test_an_idempotency_key_makes_a_repeat_harmless_and_another_body_an_error(service: Service) -> None:
    batch = {"items": [item(None), item(None, "the map is empty")]}
    for expected in ((2, 0), (0, 2)):
        told = service.post(batch, idempotency_key="k-1").json()
        assert (told["accepted"], told["duplicates"]) == expected
    assert service.post({"items": [item(None)]}, idempotency_key="k-1").status_code == 422
    assert len({record.item_id for record in service.records()}) == 2


def test_nothing_that_fits_is_422_with_the_same_answer(service: Service) -> None:
    answer = service.post(item(text=" "))
    assert (answer.status_code, answer.json()["rejected"][0]["field"]) == (422, "text")


def test_a_request_of_which_nothing_fitted_may_come_corrected_under_its_key(service: Service) -> None:
    assert service.post(item(None, text=" "), idempotency_key="k-1").status_code == 422
    assert service.post(item(None), idempotency_key="k-1").json()["accepted"] == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"not json", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'{"text": "\\ud83d", "external_id": "1"}', {}, 400),
        (b"[" * 20_000, {}, 400),
        (b"[]", {}, 400),
        (b'{"items": []}', {}, 400),
        (b'{"items": [], "text": "x"}', {}, 400),
        (orjson.dumps({"items": [{}] * 501}), {}, 413),
        (b" " * ((8 << 20) + 1), {}, 413),
        (gzip.compress(b" " * 100_000_000, 1), {"content_encoding": "gzip"}, 415),
        (b"{}", {"content_type": "text/csv"}, 415),
        (b"{}", {"idempotency_key": "k" * 201}, 422),
    ],
)
def test_a_request_that_is_none_is_refused_whole(
    service: Service, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = service.post(body, **headers)
    assert (answer.status_code, service.records()) == (status, [])


def test_500_items_are_taken_at_once(service: Service) -> None:
    told = service.post({"items": [item(str(n)) for n in range(500)]}).json()
    assert (told["accepted"], len(service.records())) == (500, 500)


@pytest.mark.parametrize(
    ("age_s", "wrong", "status"),
    [(0, False, 202), (299, False, 202), (301, False, 401), (-301, False, 401), (0, True, 401)],
)
def test_a_signature_that_is_sent_must_fit(service: Service, age_s: int, wrong: bool, status: int) -> None:
    body = orjson.dumps(item())
    stamp = str(int((NOON - timedelta(seconds=age_s)).timestamp()))
    made = hmac.new(service.key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    answer = service.post(body + b" " * wrong, x_signature=f"t={stamp},v1={made}")
    assert answer.status_code == status


def test_a_flood_is_told_when_to_come_again(tmp_path: Path) -> None:
    with serving(tmp_path, Quota(live_per_s=1, most_per_s=2, window_s=10)) as service:
        told = [service.post({"items": [item(f"{n}-{k}") for k in range(10)]}) for n in range(3)]
        assert [one.status_code for one in told] == [202, 202, 429]
        assert int(told[-1].headers["retry-after"]) >= 1
        assert len(service.records()) == 20
        other = service.make_key("globex")
        assert service.post(item(), other).status_code == 202


def test_what_cannot_be_made_durable_is_503_and_the_service_says_that_it_is_not_ready(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_args: object, **_how: object) -> None:
        raise RetryLater("journal.v1, partition 0: no broker", retry_after_s=5)

    assert service.client.get("/readyz").status_code == 200
    monkeypatch.setattr(service.gate, "accept", away)
    answer = service.post(item())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "partition" not in answer.text
    monkeypatch.setattr(type(service.gate), "trouble", "away")
    assert [service.client.get(path).status_code for path in ("/livez", "/readyz")] == [200, 503]


def test_what_was_sent_is_forgotten_when_nobody_sends_it_again_any_more(service: Service) -> None:
    service.post(item())
    service.clock[0] += timedelta(days=15)
    service.post(item("other"))
    assert service.post(item()).json()["accepted"] == 1


def test_every_field_of_a_body_may_be_sent_but_what_others_said_around_it(service: Service) -> None:
    missing = set(FeedbackBody.model_fields) - set(FeedbackItem.model_fields)
    assert missing == {"context"}
    more = {"session": "s-1", "section": "likes", "second_hand": True}
    assert service.post(item(**more)).status_code == 202
    (said,) = service.said()
    assert said.items() >= more.items()
