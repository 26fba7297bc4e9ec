"""An answer's body read without trust: what is missing or of another type is told as missing.

Vendors add fields, gateways lose some, and a model's server may be anything; a figure that is not plainly a count is
unknown, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from connectors.llm.errors import Whom, request_id_in
from models.llm.base import Outcome, Reply, Usage
from models.llm.errors import Unreadable
from models.llm.json_text import first_object

Body = Mapping[str, Any]

MOST_TOKENS = 10**9
"""A count beyond this is none: a ledger could not add it up, and it would take a tenant's money for a month."""

LONGEST_NAME = 200
"""Characters of the longest name of a model."""


def body_of(response: httpx2.Response, whom: Whom) -> Body:
    """The JSON object that came. Raises ``Unreadable`` for anything else."""
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise Unreadable(
        f"answered {response.status_code} with what is no JSON object; is {whom.variables}_URL its address?",
        provider=whom.provider,
        status=response.status_code,
        maybe_billed=True,
        request_id=request_id_in(response.headers),
    )


def part(body: Body, name: str) -> Body:
    """The object under ``name``, empty if there is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def parts(body: Body, name: str) -> Iterator[Body]:
    """The objects in the list under ``name``."""
    found = body.get(name)
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def word(body: Body, name: str) -> str:
    """The string under ``name``, "" if there is none."""
    found = body.get(name)
    return found if isinstance(found, str) else ""


def count(body: Body, name: str) -> int | None:
    """The count under ``name``; None unless it is a whole number from 0 to ``MOST_TOKENS``."""
    found = body.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if 0 <= found <= MOST_TOKENS else None


def author(body: Body) -> str:
    """The name of the model that answered; "" for one that no record could hold or that is no name."""
    found = word(body, "model")
    return found if found.isprintable() and len(found) <= LONGEST_NAME else ""


def believable(usage: Usage, said: str) -> Usage:
    """``usage`` without the zeros that some servers put where they do not count."""
    return Usage(
        input_tokens=usage.input_tokens or None,
        cached_input_tokens=usage.cached_input_tokens if usage.input_tokens else None,
        output_tokens=(usage.output_tokens or None) if said else usage.output_tokens,
    )


def reply(
    whom: Whom, response: httpx2.Response, outcome: Outcome, said: str, usage: Usage, seconds: float
) -> Reply:
    """The reply, with author and id as the vendor tells them; an answer without text is ``empty``."""
    body = body_of(response, whom)
    text = first_object(said) if outcome in ("answered", "truncated") else ""
    return Reply(
        outcome="empty" if outcome == "answered" and not text else outcome,
        text=text,
        model=author(body),
        asked_model=whom.model,
        provider=whom.provider,
        usage=believable(usage, said),
        request_id=request_id_in(response.headers) or word(body, "id"),
        seconds=seconds,
    )
