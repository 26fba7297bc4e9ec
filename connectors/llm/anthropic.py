"""Anthropic by its Messages API, structured output by ``output_config``; ``messages.create``, never ``parse``.

No temperature: the API takes none any more. The vendor's own function moves what its strict mode does not enforce
(bounds of numbers) into descriptions; the reader of an answer checks those, as everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import httpx2

from connectors.llm.http import time_limit
from connectors.llm.provider import SdkProvider
from connectors.llm.reading import Body, body_of, count, part, parts, reply, word
from models.llm.base import Call, Outcome, Reply, Usage
from models.llm.errors import Unreadable

if TYPE_CHECKING:
    import anthropic

NO_KEY = "none"
"""The SDK wants one when it is made; each call brings its own."""

OUTCOMES: dict[str, Outcome] = {
    "end_turn": "answered",
    "stop_sequence": "answered",
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
    "pause_turn": "truncated",
    "tool_use": "answered",
}
"""What the vendor's ``stop_reason`` means here."""


class AnthropicProvider(SdkProvider["anthropic.Anthropic"]):
    """Asks one model of Anthropic."""

    NAME: ClassVar[str] = "anthropic"
    LOGGERS: ClassVar[tuple[str, ...]] = ("anthropic",)

    def _make(self, http: httpx2.Client) -> tuple[anthropic.Anthropic, type[Exception]]:
        import anthropic

        client = anthropic.Anthropic(
            api_key=NO_KEY,
            base_url=self._account.base_url,
            max_retries=0,
            http_client=http,
            open_telemetry=False,
        )
        return client, anthropic.AnthropicError

    def _send(self, client: anthropic.Anthropic, key: str, call: Call) -> httpx2.Response:
        ready = client.with_options(api_key=key, timeout=time_limit(call.deadline_s))
        return ready.messages.with_raw_response.create(**self._request(call)).http_response

    def _request(self, call: Call) -> dict[str, Any]:
        import anthropic

        schema = anthropic.transform_schema(dict(call.schema))
        config: dict[str, Any] = {"format": {"type": "json_schema", "schema": schema}}
        if self._account.effort:
            config["effort"] = self._account.effort
        asked: dict[str, Any] = {
            "model": self.model,
            "system": call.system,
            "messages": [{"role": "user", "content": call.user}],
            "max_tokens": call.max_output_tokens,
            "output_config": config,
        }
        if call.safety_tag:
            asked["metadata"] = {"user_id": call.safety_tag}
        return asked

    def _read(self, response: httpx2.Response, seconds: float) -> Reply:
        body = body_of(response, self._whom)
        usage = _usage(part(body, "usage"))
        outcome = OUTCOMES.get(word(body, "stop_reason"))
        if outcome is None:
            raise Unreadable(
                "answered without a reason to stop",
                provider=self.NAME,
                status=response.status_code,
                usage=usage,
                maybe_billed=True,
            )
        said = "".join(word(one, "text") for one in parts(body, "content") if one.get("type") == "text")
        return reply(self._whom, response, outcome, said, usage, seconds)


def _usage(told: Body) -> Usage:
    """The vendor counts what it read from its cache and what it wrote there beside the rest; we count all input."""
    fresh = count(told, "input_tokens")
    read = count(told, "cache_read_input_tokens")
    written = count(told, "cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + written,
        cached_input_tokens=read,
        output_tokens=count(told, "output_tokens"),
    )
