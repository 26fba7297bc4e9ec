"""Any server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp, a gateway.

What such servers enforce differs (``Abilities``), so the schema is also said in the instructions, and the answer may
come with fences, audible thinking and no usage; what it used is then unknown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import httpx2

from connectors.llm.config import Abilities, Account
from connectors.llm.http import time_limit
from connectors.llm.openai import openai_client
from connectors.llm.provider import SdkProvider
from connectors.llm.reading import Body, body_of, count, part, parts, reply, word
from models.llm.base import Call, Outcome, Reply, Usage
from models.llm.errors import Unreadable

if TYPE_CHECKING:
    import openai

OUTCOMES: dict[str, Outcome] = {"length": "truncated", "content_filter": "refused"}
"""Reasons to finish that are no answer; servers have many words for the others."""


class CompatibleProvider(SdkProvider["openai.OpenAI"]):
    """Asks one model of an OpenAI-compatible server."""

    NAME: ClassVar[str] = "compatible"
    LOGGERS: ClassVar[tuple[str, ...]] = ("openai",)

    def __init__(self, account: Account, abilities: Abilities | None = None) -> None:
        super().__init__(account)
        self._abilities = abilities or Abilities()

    def _make(self, http: httpx2.Client) -> tuple[openai.OpenAI, type[Exception]]:
        return openai_client(self._account.base_url, http)

    def _send(self, client: openai.OpenAI, key: str, call: Call) -> httpx2.Response:
        ready = client.with_options(api_key=key, timeout=time_limit(call.deadline_s))
        return ready.chat.completions.with_raw_response.create(**self._request(call)).http_response

    def _request(self, call: Call) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": self._instructions(call)},
                {"role": "user", "content": call.user},
            ],
            self._abilities.limit_name: call.max_output_tokens,
        }
        if call.temperature is not None:
            asked["temperature"] = call.temperature
        if self._abilities.response_format == "json_object":
            asked["response_format"] = {"type": "json_object"}
        elif self._abilities.response_format == "json_schema":
            named = {"name": call.schema_name, "strict": True, "schema": dict(call.schema)}
            asked["response_format"] = {"type": "json_schema", "json_schema": named}
        return asked

    def _instructions(self, call: Call) -> str:
        if not self._abilities.repeat_schema:
            return call.system
        schema = json.dumps(call.schema, ensure_ascii=False, separators=(",", ":"))
        return f"{call.system}\n\nAnswer with one JSON object of this JSON schema and nothing else:\n{schema}"

    def _read(self, response: httpx2.Response, seconds: float) -> Reply:
        body = body_of(response, self._whom)
        usage = _usage(part(body, "usage"))
        choice = next(parts(body, "choices"), None)
        if choice is None:
            raise Unreadable(
                "answered without a choice",
                provider=self.NAME,
                status=response.status_code,
                usage=usage,
                maybe_billed=True,
            )
        message = part(choice, "message")
        outcome = OUTCOMES.get(word(choice, "finish_reason"), "answered")
        if word(message, "refusal"):
            outcome = "refused"
        return reply(self._whom, response, outcome, _said(message), usage, seconds)


def _said(message: Body) -> str:
    """The text: most servers say a string, some a list of parts."""
    return word(message, "content") or "".join(word(one, "text") for one in parts(message, "content"))


def _usage(told: Body) -> Usage:
    return Usage(
        input_tokens=count(told, "prompt_tokens"),
        cached_input_tokens=count(part(told, "prompt_tokens_details"), "cached_tokens"),
        output_tokens=count(told, "completion_tokens"),
    )
