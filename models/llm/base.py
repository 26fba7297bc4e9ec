"""One question to a language model, and what came of it: the words that every provider shares.

In:    a ``Call``: instructions, data, the JSON schema of the answer, a limit of tokens and of seconds.
Out:   a ``Reply``: an outcome, the answer's JSON text, who answered, what it used. Truncation and refusal are
       outcomes, never exceptions, so what was used is never lost; exceptions are those of ``models.llm.errors``.
Elsewhere: whether the answer is any good (its reader checks it against the schema, always).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Literal, Protocol, runtime_checkable

from models.llm.schema import check_strict

Outcome = Literal["answered", "truncated", "refused", "empty"]
"""``answered``: it ended by itself; ``truncated``: at a limit; ``refused``: it would not; ``empty``: no text."""

_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One question. ``system`` holds the instructions, ``user`` the data; neither is ever logged.

    ``schema``: the answer's JSON schema, clean for strict mode (``models.llm.schema``), else ``WrongUsage`` here.
    ``deadline_s``: seconds for everything: tries, waits and providers. ``temperature``: None is not sent.
    ``safety_tag``: whom the vendor may tell apart, by ``safety_tag_of``; "" is not sent. ``tenant`` and ``day`` (UTC):
    whose money it is and when it is spent (``models.llm.spending``); neither is sent.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    schema_name: str
    max_output_tokens: int
    temperature: float | None = None
    deadline_s: float = 120.0
    safety_tag: str = ""
    tenant: str = ""
    day: date | None = None

    def __post_init__(self) -> None:
        check_strict(self.schema)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider told them; None is "it did not tell" and never the same as 0.

    ``input_tokens`` counts all input, ``cached_input_tokens`` the part of it that was read from the provider's cache;
    ``output_tokens`` counts reasoning too.
    """

    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    output_tokens: int | None = None


UNKNOWN_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from ``provider``.

    ``text``: the first JSON object in the answer where there is one, else the answer as it is: fences and audible
    thinking are gone, nothing is checked. ``model`` is whom the provider names as the author, ``asked_model`` whom we
    asked; they may differ. ``seconds``: how long the answering attempt took. ``cost_micro``: what it cost in
    millionths of a US dollar, None if that is unknown. ``failures``: each attempt before, and why it gave no answer,
    in order.
    """

    outcome: Outcome
    text: str
    model: str
    asked_model: str
    provider: str
    usage: Usage = UNKNOWN_USAGE
    request_id: str = ""
    seconds: float = 0.0
    cost_micro: int | None = None
    failures: tuple[Exception, ...] = field(default=(), compare=False)

    @property
    def is_other_model(self) -> bool:
        """The provider names another author than we asked for; a dated version of the same name is no other."""
        return self.model != "" and re.sub(_DATED, "", self.model) != re.sub(_DATED, "", self.asked_model)


@runtime_checkable
class Provider(Protocol):
    """Whoever answers; safe for many threads at once."""

    @property
    def name(self) -> str:
        """``openai``, ``anthropic``, ``compatible``: as in settings, prices and metrics."""
        ...

    @property
    def model(self) -> str:
        """The model it asks for."""
        ...

    def ask(self, call: Call) -> Reply:
        """Answer ``call`` within its deadline. Raises ``ProviderFailed`` or, before a cap is passed, ``CapReached``."""
        ...


def safety_tag_of(tenant: str, secret: bytes = b"") -> str:
    """A stable tag of a tenant that does not name it: 32 hex digits of SHA-256 over ``secret`` and the tenant."""
    return sha256(b"undercurrent llm tag\x00" + secret + b"\x00" + tenant.encode()).hexdigest()[:32]
