"""What differs by vendor in what is sent, and in what an answer means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.llm.anthropic import AnthropicProvider
from connectors.llm.compatible import CompatibleProvider
from connectors.llm.config import Abilities
from models.llm.errors import Busy
from tests.support.llm import LABEL, a_call
from tests.support.model_vendors import Said, account_at, provider_at, vendor


def sent(name: str, **changed: Any) -> dict[str, Any]:
    with vendor(LABEL) as server, provider_at(server, name) as provider:
        provider.ask(a_call(**changed))
        return server.asked[0].body


def test_openai_stores_nothing_and_is_strict() -> None:
    body = sent("openai", safety_tag="tag-1", temperature=0.0)
    assert (body["store"], body["text"]["format"]["strict"]) == (False, True)
    assert (body["safety_identifier"], body["temperature"]) == ("tag-1", 0.0)


def test_anthropic_gets_no_temperature() -> None:
    body = sent("anthropic", safety_tag="tag-1", temperature=0.0)
    assert "temperature" not in body
    assert body["metadata"] == {"user_id": "tag-1"}


def test_what_is_not_asked_for_is_not_sent() -> None:
    for name in ("openai", "anthropic", "compatible"):
        assert not {"temperature", "safety_identifier", "metadata", "reasoning"} & set(sent(name))


@pytest.mark.parametrize(
    ("abilities", "form", "in_prompt"),
    [
        (Abilities(), "json_schema", True),
        (Abilities(repeat_schema=False), "json_schema", False),
        (Abilities(response_format="json_object"), "json_object", True),
        (Abilities(response_format="none"), None, True),
    ],
)
def test_a_compatible_server_gets_what_it_can_do(
    abilities: Abilities, form: str | None, in_prompt: bool
) -> None:
    with vendor(LABEL) as server:
        provider = CompatibleProvider(account_at(server, "compatible"), abilities)
        provider.ask(a_call())
        provider.close()
        (asked,) = server.asked
    assert asked.body.get("response_format", {}).get("type") == form
    assert ("JSON schema" in asked.system) is in_prompt


def test_a_compatible_servers_own_word_for_the_limit_is_used() -> None:
    with vendor(LABEL) as server:
        provider = CompatibleProvider(
            account_at(server, "compatible"), Abilities(limit_name="max_completion_tokens")
        )
        provider.ask(a_call())
        provider.close()
    assert server.asked[0].body["max_completion_tokens"] == 100


@pytest.mark.parametrize(
    ("extra", "outcome"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "refused"),
        ({"status": "incomplete", "incomplete_details": None}, "truncated"),
        ({"status": "failed", "error": {"code": "invalid_prompt"}}, "refused"),
        ({"output": "nothing"}, "empty"),
    ],
)
def test_openais_ends_are_outcomes(extra: dict[str, Any], outcome: str) -> None:
    with vendor(Said(LABEL, extra=extra)) as server, provider_at(server, "openai") as provider:
        assert provider.ask(a_call()).outcome == outcome


def test_openais_failure_inside_an_answer_keeps_what_it_used() -> None:
    failed = Said("", extra={"status": "failed", "error": {"code": "server_error"}})
    with vendor(failed) as server, provider_at(server, "openai") as provider, pytest.raises(Busy) as caught:
        provider.ask(a_call())
    assert caught.value.usage.output_tokens == 30


@pytest.mark.parametrize(
    ("stop", "outcome"),
    [("stop_sequence", "answered"), ("model_context_window_exceeded", "truncated"), ("refusal", "refused")],
)
def test_anthropics_ends_are_outcomes(stop: str, outcome: str) -> None:
    with (
        vendor(Said(LABEL, extra={"stop_reason": stop})) as server,
        provider_at(server, "anthropic") as provider,
    ):
        assert provider.ask(a_call()).outcome == outcome


def test_a_compatible_servers_list_of_parts_is_read() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": LABEL}]}
    choices = [{"index": 0, "message": message, "finish_reason": "eos"}]
    with (
        vendor(Said("", extra={"choices": choices})) as server,
        provider_at(server, "compatible") as provider,
    ):
        assert provider.ask(a_call()).text == LABEL


def test_a_key_is_read_anew_for_every_call() -> None:
    keys = iter(["first", "second"])
    with vendor(LABEL) as server:
        account = replace(account_at(server, "anthropic"), key=lambda: next(keys))
        provider = AnthropicProvider(account)
        provider.ask(a_call())
        provider.ask(a_call())
        provider.close()
    assert [one.key for one in server.asked] == ["first", "second"]
