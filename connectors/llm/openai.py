"""OpenAI by its Responses API, structured output in strict mode; ``responses.create``, never ``parse``.

``parse`` raises on a truncated answer and loses what it used. Nothing is stored at the vendor (``store=False``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import httpx2

from connectors.llm.errors import UNWANTED, Whom
from connectors.llm.http import time_limit
from connectors.llm.provider import SdkProvider
from connectors.llm.reading import Body, body_of, count, part, parts, reply, word
from models.llm.base import Call, Outcome, Reply, Usage
from models.llm.errors import Busy, Unreadable

if TYPE_CHECKING:
    import openai

NO_KEY = "none"
"""An SDK wants one when it is made; each call brings its own."""


class OpenAIProvider(SdkProvider["openai.OpenAI"]):
    """Asks one model of OpenAI."""

    NAME: ClassVar[str] = "openai"
    LOGGERS: ClassVar[tuple[str, ...]] = ("openai",)

    def _make(self, http: httpx2.Client) -> tuple[openai.OpenAI, type[Exception]]:
        return openai_client(self._account.base_url, http)

    def _send(self, client: openai.OpenAI, key: str, call: Call) -> httpx2.Response:
        ready = client.with_options(api_key=key, timeout=time_limit(call.deadline_s))
        return ready.responses.with_raw_response.create(**self._request(call)).http_response

    def _request(self, call: Call) -> dict[str, Any]:
        schema = {
            "type": "json_schema",
            "strict": True,
            "name": call.schema_name,
            "schema": dict(call.schema),
        }
        asked: dict[str, Any] = {
            "model": self.model,
            "instructions": call.system,
            "input": call.user,
            "text": {"format": schema},
            "max_output_tokens": call.max_output_tokens,
            "store": False,
        }
        if call.temperature is not None:
            asked["temperature"] = call.temperature
        if call.safety_tag:
            asked["safety_identifier"] = call.safety_tag
        if self._account.effort:
            asked["reasoning"] = {"effort": self._account.effort}
        return asked

    def _read(self, response: httpx2.Response, seconds: float) -> Reply:
        body = body_of(response, self._whom)
        usage = _usage(part(body, "usage"))
        outcome = _outcome(body, usage, self._whom)
        said, declined = _said(body)
        if declined:
            outcome = "refused"
        return reply(self._whom, response, outcome, said, usage, seconds)


def openai_client(base_url: str, http: httpx2.Client) -> tuple[openai.OpenAI, type[Exception]]:
    """The SDK's client, told everything that it would else read from the environment, and the root of its errors.

    The key comes with each call.
    """
    import openai

    client = openai.OpenAI(
        api_key=NO_KEY,
        base_url=base_url,
        max_retries=0,
        http_client=http,
        default_headers={
            "OpenAI-Organization": openai.Omit(),  # type: ignore[dict-item]  # the SDK's way to leave one out
            "OpenAI-Project": openai.Omit(),  # type: ignore[dict-item]
        },
    )
    return client, openai.OpenAIError


def _usage(told: Body) -> Usage:
    return Usage(
        input_tokens=count(told, "input_tokens"),
        cached_input_tokens=count(part(told, "input_tokens_details"), "cached_tokens"),
        output_tokens=count(told, "output_tokens"),
    )


def _outcome(body: Body, usage: Usage, whom: Whom) -> Outcome:
    status = word(body, "status")
    if status == "completed":
        return "answered"
    if status == "incomplete":
        reason = word(part(body, "incomplete_details"), "reason")
        return "refused" if reason == "content_filter" else "truncated"
    code = word(part(body, "error"), "code")
    if code in UNWANTED:
        return "refused"
    if code in ("server_error", "rate_limit_exceeded"):
        raise Busy(f"failed ({code})", provider=whom.provider, status=200, usage=usage, maybe_billed=True)
    raise Unreadable(
        "answered without a status that means an end",
        provider=whom.provider,
        status=200,
        usage=usage,
        maybe_billed=True,
    )


def _said(body: Body) -> tuple[str, bool]:
    """The final answer's text, and whether a refusal is in it; the model's comments on its way are left out."""
    final = (
        content
        for message in parts(body, "output")
        if message.get("type") == "message" and message.get("phase") in (None, "final_answer")
        for content in parts(message, "content")
    )
    texts, declined = [], False
    for content in final:
        declined |= content.get("type") == "refusal"
        texts.append(word(content, "text") if content.get("type") == "output_text" else "")
    return "".join(texts), declined
