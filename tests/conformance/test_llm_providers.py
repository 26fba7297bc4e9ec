"""What every provider does alike, each over its vendor's own SDK against a server that speaks the vendor's format."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from models.llm.base import Call, Provider, Usage
from models.llm.errors import (
    Busy,
    Misconfigured,
    OutOfQuota,
    ProviderFailed,
    Rejected,
    Unreadable,
)
from tests.support.model_vendors import (
    NO_QUOTA,
    OVERLOADED,
    PROVIDERS,
    RATE_LIMITED,
    Answer,
    Broken,
    Failed,
    Said,
    Server,
    provider_at,
    script,
    vendor,
)

pytestmark = pytest.mark.lengthy

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["bug", "praise"]}},
    "required": ["label"],
    "additionalProperties": False,
}
LABEL = '{"label": "bug"}'
SECRET_TEXT = "my card 4111 was charged twice"


def a_call(**changed: Any) -> Call:
    asked = {"system": "Label it.", "user": SECRET_TEXT, "schema": SCHEMA, "schema_name": "label"}
    return Call(**{**asked, "max_output_tokens": 200, "deadline_s": 30.0, "safety_tag": "tag-1", **changed})


@pytest.fixture
def server() -> Iterator[Server]:
    with vendor(LABEL) as running:
        yield running


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest, server: Server) -> Iterator[Provider]:
    with provider_at(server, request.param) as opened:
        yield opened


def failure(provider: Provider, server: Server, answer: Answer, **changed: Any) -> ProviderFailed:
    server.answer = script(answer)
    with pytest.raises(ProviderFailed) as caught:
        provider.ask(a_call(**changed))
    return caught.value


def test_an_answer_comes_with_its_author_its_usage_and_its_id(provider: Provider) -> None:
    reply = provider.ask(a_call())
    assert (reply.outcome, reply.text, reply.provider) == ("answered", LABEL, provider.name)
    assert (reply.model, reply.asked_model, reply.request_id) == ("model-1", "model-1", "req-1")
    assert reply.usage == Usage(input_tokens=100, cached_input_tokens=20, output_tokens=30)


def test_the_vendor_gets_instructions_data_schema_key_and_limit(provider: Provider, server: Server) -> None:
    provider.ask(a_call())
    (asked,) = server.asked
    assert asked.system.startswith("Label it.")
    assert (asked.user, asked.key) == (SECRET_TEXT, "key-1")
    assert asked.schema is not None
    assert asked.schema["properties"]["label"]["enum"] == ["bug", "praise"]
    limits = ("max_tokens", "max_output_tokens")
    assert [asked.body[name] for name in limits if name in asked.body] == [200]


@pytest.mark.parametrize(
    "said",
    [f"```json\n{LABEL}\n```", f"<think>{{}}?</think>{LABEL}", f"Here you are: {LABEL} Bye {{}}."],
)
def test_wrapping_is_taken_off(provider: Provider, server: Server, said: str) -> None:
    server.answer = script(said)
    assert provider.ask(a_call()).text == LABEL


@pytest.mark.parametrize(
    ("said", "outcome", "text"),
    [
        (Said('{"label": "b', "length"), "truncated", '{"label": "b'),
        (Said("I cannot.", "refusal"), "refused", ""),
        (Said(""), "empty", ""),
        (Said("   \n"), "empty", ""),
        (Said("what is JSON?"), "answered", "what is JSON?"),
        (Said('{"label": 7, "more": null}'), "answered", '{"label": 7, "more": null}'),
    ],
)
def test_what_came_is_an_outcome_and_its_usage_is_kept(
    provider: Provider, server: Server, said: Said, outcome: str, text: str
) -> None:
    server.answer = script(said)
    reply = provider.ask(a_call())
    assert (reply.outcome, reply.text, reply.usage.output_tokens) == (outcome, text, 30)


@pytest.mark.parametrize("usage", [None, (0, 0, 0)])
def test_usage_that_is_not_told_is_unknown_and_not_nothing(
    provider: Provider, server: Server, usage: tuple[int, int, int] | None
) -> None:
    server.answer = script(Said(LABEL, usage=usage))
    assert provider.ask(a_call()).usage == Usage()


@pytest.mark.parametrize(
    "usage", ["many", {"input_tokens": "100", "prompt_tokens": -3, "output_tokens": True}]
)
def test_usage_that_is_no_count_is_unknown(provider: Provider, server: Server, usage: object) -> None:
    server.answer = script(Said(LABEL, extra={"usage": usage}))
    assert provider.ask(a_call()).usage == Usage()


def test_usage_that_no_ledger_could_add_up_is_unknown(provider: Provider, server: Server) -> None:
    server.answer = script(Said(LABEL, usage=(10**30, 10**18, 10**10)))
    assert provider.ask(a_call()).usage == Usage()


@pytest.mark.parametrize("name", ["gpt-\ud800", "m" * 100_000, "gpt\n# HELP", 5])
def test_an_author_whose_name_is_none_is_not_told(provider: Provider, server: Server, name: str) -> None:
    server.answer = script(Said(LABEL, model=name))
    reply = provider.ask(a_call())
    assert (reply.model, reply.is_other_model, reply.outcome) == ("", False, "answered")


def test_another_author_than_asked_for_is_told(provider: Provider, server: Server) -> None:
    server.answer = script(Said(LABEL, model="model-2"))
    reply = provider.ask(a_call())
    assert (reply.model, reply.is_other_model) == ("model-2", True)


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (RATE_LIMITED, Busy, 429),
        (OVERLOADED, Busy, 529),
        (Failed(500), Busy, 500),
        (Failed(503), Busy, 503),
        (Failed(408), Busy, 408),
        (NO_QUOTA, OutOfQuota, 429),
        (Failed(402), OutOfQuota, 402),
        (Failed(401), Misconfigured, 401),
        (Failed(403), Misconfigured, 403),
        (Failed(404, "model_not_found"), Misconfigured, 404),
        (Failed(400, "unsupported_parameter"), Misconfigured, 400),
        (Failed(400, "context_length_exceeded"), Rejected, 400),
        (Failed(400, message="prompt is too long: 210,000 tokens"), Rejected, 400),
        (Failed(413), Rejected, 413),
        (Broken("redirect"), Misconfigured, 307),
        (Broken("not_json"), Unreadable, 200),
        (Broken("list"), Unreadable, 200),
        (Broken("empty_object"), Unreadable, 200),
        (Broken("megabyte"), Unreadable, 200),
        (Broken("gzip"), Unreadable, 200),
        (Broken("reset"), Busy, None),
        (Broken("reset_mid_body"), Busy, None),
    ],
    ids=repr,
)
def test_each_misfortune_is_told_by_what_to_do(
    provider: Provider, server: Server, answer: Answer, error: type[ProviderFailed], status: int | None
) -> None:
    failed = failure(provider, server, answer)
    assert (type(failed), failed.status, failed.provider) == (error, status, provider.name)
    assert len(server.asked) == 1, "the SDK asked again by itself"


@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_a_call_ends_at_its_deadline(provider: Provider, server: Server, mode: Any) -> None:
    provider.ask(a_call())
    began = time.monotonic()
    # A whole answer would take ten times as long as is allowed here, on a machine that stands still for a moment too.
    failed = failure(provider, server, Broken(mode, every_s=0.1), deadline_s=0.3)
    assert isinstance(failed, Busy)
    assert failed.maybe_billed
    assert time.monotonic() - began < 3.0


def test_a_server_that_is_not_there_is_busy_and_costs_nothing(provider: Provider, server: Server) -> None:
    server.stop()
    failed = failure(provider, server, LABEL)
    assert isinstance(failed, Busy)
    assert not failed.maybe_billed


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "900"}, 900.0),
        ({"Retry-After-Ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_how_long_to_wait_is_what_the_vendor_says(
    provider: Provider, server: Server, headers: dict[str, str], wait_s: float | None
) -> None:
    failed = failure(provider, server, Failed(429, headers=headers))
    assert isinstance(failed, Busy)
    assert failed.retry_after_s == wait_s


def test_a_misconfigured_one_says_what_to_set(provider: Provider, server: Server) -> None:
    assert f"set UNDERCURRENT_{provider.name.upper()}_API_KEY" in str(failure(provider, server, Failed(401)))


def test_text_that_is_no_unicode_is_about_the_call_and_not_about_the_provider(provider: Provider) -> None:
    with pytest.raises(Rejected):
        provider.ask(a_call(user="\ud800"))


def test_no_compressed_answer_is_asked_for(provider: Provider, server: Server) -> None:
    provider.ask(a_call())
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_a_refusal_that_comes_as_an_error_is_a_refusal(provider: Provider, server: Server) -> None:
    server.answer = script(Failed(400, "content_filter"))
    assert provider.ask(a_call()).outcome == "refused"


def test_no_error_repeats_what_people_wrote_nor_the_key(provider: Provider, server: Server) -> None:
    for answer in (Failed(400), Failed(401), Failed(500), Broken("not_json")):
        failed = failure(provider, server, answer)
        assert failed.__cause__ is None
        assert "4111" not in str(failed)
        assert "key-1" not in str(failed)


def test_nothing_that_people_wrote_is_logged(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider.ask(a_call())
    assert "4111" not in caplog.text


def test_the_environment_names_no_other_server_key_or_account(
    provider: Provider, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for vendor_name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{vendor_name}_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv(f"{vendor_name}_API_KEY", "stray")
    monkeypatch.setenv("OPENAI_ORG_ID", "stray")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    provider.ask(a_call())
    assert "stray" not in str(server.asked[0])
