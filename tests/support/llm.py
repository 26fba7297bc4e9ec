"""Calls, and a provider whose answers are scripted, for tests that need no HTTP (``vendors`` has a server)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.llm.base import Call, Reply, Usage
from models.llm.errors import Busy, Misconfigured, OutOfQuota, ProviderFailed

LABEL = '{"label": "bug"}'
LABEL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["bug", "praise"]}},
    "required": ["label"],
    "additionalProperties": False,
}
DAY = date(2026, 3, 10)


def a_call(**changed: Any) -> Call:
    """A call of tenant ``acme`` on a day in March."""
    asked = {"system": "Label it.", "user": "It crashes.", "schema": LABEL_SCHEMA, "schema_name": "label"}
    return Call(**{**asked, "max_output_tokens": 100, "tenant": "acme", "day": DAY, **changed})


def a_reply(provider: str = "openai", model: str = "gpt-5-mini", **changed: Any) -> Reply:
    """An answer of 100 tokens in, 30 out."""
    told = {"outcome": "answered", "text": LABEL, "model": model, "asked_model": model, "provider": provider}
    return Reply(**{**told, "usage": Usage(100, 0, 30), **changed})


def busy(retry_after_s: float | None = None, **changed: Any) -> Busy:
    return Busy("is away", provider="openai", retry_after_s=retry_after_s, **{"status": 503, **changed})


def misconfigured(status: int = 401) -> Misconfigured:
    return Misconfigured("does not know the key", provider="openai", status=status)


def out_of_quota() -> OutOfQuota:
    return OutOfQuota("has no quota left", provider="openai", status=429)


@dataclass
class Clock:
    """Seconds that pass when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Scripted:
    """A provider that answers in turn and repeats the last; ``asked`` keeps the calls."""

    answers: list[Reply | ProviderFailed | Callable[[Call], Reply]]
    name: str = "openai"
    model: str = "gpt-5-mini"
    asked: list[Call] = field(default_factory=list)

    def ask(self, call: Call) -> Reply:
        self.asked.append(call)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else answer(call)
