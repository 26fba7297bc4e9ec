"""The vendors' wire formats: a scripted answer as Responses, chat completions or messages, and requests read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Route = Literal["responses", "chat", "messages"]
ROUTES: dict[str, Route] = {
    "/v1/responses": "responses",
    "/v1/chat/completions": "chat",
    "/v1/messages": "messages",
}

Finish = Literal["stop", "length", "refusal"]


@dataclass(frozen=True)
class Asked:
    """A request as it came: ``key`` is the bearer's, ``n`` counts requests from 1, ``body`` is the whole JSON."""

    route: Route
    body: dict[str, Any]
    key: str
    n: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.body["model"]

    @property
    def system(self) -> str:
        if self.route == "responses":
            return self.body["instructions"]
        return self.body["system"] if self.route == "messages" else self.body["messages"][0]["content"]

    @property
    def user(self) -> str:
        return self.body["input"] if self.route == "responses" else self.body["messages"][-1]["content"]

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer, None if the request has none."""
        if self.route == "responses":
            return self.body["text"]["format"]["schema"]
        if self.route == "messages":
            return self.body["output_config"]["format"]["schema"]
        return self.body.get("response_format", {}).get("json_schema", {}).get("schema")


@dataclass(frozen=True)
class Said:
    """A good answer. ``model`` None: as asked for. ``usage`` None: the answer tells none; ``extra`` is put beside."""

    text: str
    finish: Finish = "stop"
    model: str | None = None
    usage: tuple[int, int, int] | None = (100, 20, 30)
    """Input tokens in all, those of them from a cache, output tokens."""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """An error of the vendor's."""

    status: int
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "an error"


def body_of(asked: Asked, said: Said) -> dict[str, Any]:
    """The answer in the format of the route that was asked."""
    model = asked.model if said.model is None else said.model
    render = {"responses": _response, "chat": _chat, "messages": _message}[asked.route]
    return {**render(said), "model": model, **said.extra}


def error_of(asked: Asked, failed: Failed) -> dict[str, Any]:
    """The vendor's error body; its message repeats the request, as some do."""
    message = f"{failed.message}: {asked.user}"
    if asked.route == "messages":
        return {"type": "error", "error": {"type": failed.code or "api_error", "message": message}}
    return {"error": {"message": message, "type": "error", "param": None, "code": failed.code or None}}


def _response(said: Said) -> dict[str, Any]:
    refused = said.finish == "refusal"
    content = (
        {"type": "refusal", "refusal": said.text}
        if refused
        else {"type": "output_text", "text": said.text, "annotations": []}
    )
    cut = said.finish == "length"
    return {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "m_0", "role": "assistant", "phase": "commentary",
             "content": [{"type": "output_text", "text": "Let me see {}.", "annotations": []}]},
            {"type": "message", "id": "m_1", "role": "assistant", "phase": "final_answer", "content": [content]},
        ],
        **_usage(said, lambda a, b, c: {
            "input_tokens": a, "input_tokens_details": {"cached_tokens": b}, "output_tokens": c,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": a + c,
        }),
    }  # fmt: skip


def _chat(said: Said) -> dict[str, Any]:
    refused = said.finish == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else said.text,
        "refusal": said.text if refused else None,
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop" if refused else said.finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [choice],
        **_usage(said, lambda a, b, c: {
            "prompt_tokens": a, "prompt_tokens_details": {"cached_tokens": b}, "completion_tokens": c,
            "total_tokens": a + c,
        }),
    }  # fmt: skip


def _message(said: Said) -> dict[str, Any]:
    stop = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[said.finish]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [] if said.finish == "refusal" else [{"type": "text", "text": said.text}],
        "stop_reason": stop,
        "stop_sequence": None,
        **_usage(said, lambda a, b, c: {
            "input_tokens": a - b, "cache_read_input_tokens": b, "cache_creation_input_tokens": 0, "output_tokens": c,
        }),
    }  # fmt: skip


def _usage(said: Said, told: Any) -> dict[str, Any]:
    return {} if said.usage is None else {"usage": told(*said.usage)}
