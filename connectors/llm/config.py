"""Where a provider is, which model it is asked for, and with which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
"""Where the vendors are; told to the SDKs, which would else ask the environment."""

ResponseFormat = Literal["json_schema", "json_object", "none"]
"""What an OpenAI-compatible server understands of ``response_format``; ``none``: it is not sent."""


@dataclass(frozen=True, slots=True)
class Account:
    """One provider as settings describe it.

    ``key`` is asked anew for every call, so that a key in a file can be exchanged without a restart. ``effort`` is the
    vendor's word for how long a reasoning model thinks; "" is not sent. ``proxy``: URL of an HTTP proxy; the
    environment's are not used. ``ca_file``: certificates to trust instead of the usual ones. ``variables`` is how
    messages call the settings: ``UNDERCURRENT_OPENAI``.
    """

    base_url: str
    model: str
    key: Callable[[], str]
    effort: str = ""
    proxy: str = ""
    ca_file: Path | None = None
    variables: str = ""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an OpenAI-compatible server can do.

    ``repeat_schema``: say the schema in the instructions too, since some servers enforce it without showing it to the
    model, and others take it without enforcing it. ``limit_name`` is how the server calls the limit of output tokens.
    """

    response_format: ResponseFormat = "json_schema"
    repeat_schema: bool = True
    limit_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
