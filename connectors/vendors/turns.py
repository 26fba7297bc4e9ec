"""A conversation as turns: what customers said becomes utterances, what others said their context.

In:  turns in the order of time, of any roles.   Out: one utterance for each customer's turn.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from connectors.vendors.port import Utterance
from contracts.feedback import MAX_TEXT_CHARS
from models.markup import plain_text

Role = Literal["customer", "agent", "system", "bot"]

BEFORE, AFTER = 3, 2
"""Turns of others that are kept around an utterance: enough to know what was answered, and a record stays small."""

CONTEXT_CHARS = 2_000
"""How much of each of them."""

_LINK = re.compile(
    r"<a\s[^<>]{0,2000}?href\s*=\s*(?:\"([^\"<>]{0,2000})\"|'([^'<>]{0,2000})')[^<>]{0,2000}>([^<]{0,2000})</a>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person, or a machine, said. ``more`` are fields of the body that only this turn has."""

    record_id: str
    role: Role
    text: str
    at: datetime
    updated_at: datetime | None = None
    author: str | None = None
    more: Mapping[str, Any] | None = None


def readable(html_or_text: object) -> str:
    """The plain text of what a vendor sent, the same for HTML and plain text; links are ``label (address)``."""
    if not isinstance(html_or_text, str):
        return ""
    return plain_text(_LINK.sub(_spelt_out, html_or_text))[:MAX_TEXT_CHARS]


def titled(subject: object, text: str) -> str:
    """A text under its subject, which is left out where it only repeats how the text begins."""
    title = readable(subject)
    if not title or not text or text.startswith(title.rstrip("….")):
        return text or title
    return f"{title}\n\n{text}"[:MAX_TEXT_CHARS]


def utterances(
    turns: Sequence[Turn], facts: Mapping[str, Any], parent: str, origin: str = ""
) -> list[Utterance]:
    """What customers said, each with ``facts`` of the whole conversation and what others said around it."""
    return [
        Utterance(
            turn.record_id,
            _body(turns, place, facts),
            turn.at,
            origin=origin or turn.record_id,
            parent=parent,
        )
        for place, turn in enumerate(turns)
        if turn.role == "customer" and turn.text.strip()
    ]


def _body(turns: Sequence[Turn], place: int, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    turn = turns[place]
    body = {
        **facts,
        "text": turn.text,
        "author_role": "customer",
        "author": turn.author,
        "created_at": turn.at.isoformat(),
        "source_updated_at": (turn.updated_at or turn.at).isoformat(),
        "context": _around(turns, place),
        **(turn.more or {}),
    }
    return {name: value for name, value in body.items() if value not in (None, [], "")}


def _around(turns: Sequence[Turn], place: int) -> list[dict[str, Any]]:
    before = [turn for turn in turns[:place] if turn.role != "customer" and turn.text][-BEFORE:]
    after = [turn for turn in turns[place + 1 :] if turn.role != "customer" and turn.text][:AFTER]
    return [
        {"role": turn.role, "text": turn.text[:CONTEXT_CHARS], "at": turn.at.isoformat()}
        for turn in (*before, *after)
    ]


def _spelt_out(link: re.Match[str]) -> str:
    address, label = html.unescape(link[1] or link[2] or ""), link[3].strip()
    known = not address or html.unescape(label).rstrip("/") == address.removeprefix("mailto:").rstrip("/")
    return label if known else f"{label} ({html.escape(address)})"
