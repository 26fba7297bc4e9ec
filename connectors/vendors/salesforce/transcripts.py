"""A whole call as lines ``Name: words``: the customer's turns are what was said, the others stand beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

# ``[00:12] Customer (Ada): words``; a name is short, so that a sentence with a colon is not taken for one.
_TURN: Final = re.compile(
    r"^\s*(?:[\[(]?\d{1,2}(?::\d{2}){1,2}[\])]?\s*)?([^\W\d][\w .'()-]{0,40}?)\s*:\s+(.*)$"
)
# The most turns of others that a piece of feedback may carry.
_OTHERS: Final = 200


def customer_words(text: str, customers: Collection[str]) -> tuple[str, list[dict[str, Any]]]:
    """The turns of ``customers`` (names, in any case), a paragraph each, and those of everybody else as context.

    Lines before the first name are nobody's and count as the others'.
    """
    ours = {name.casefold() for name in customers}
    words: list[str] = []
    others: list[dict[str, Any]] = []
    for name, turn in _turns(text):
        if name is not None and _bare(name) in ours:
            words.append(turn)
        else:
            others.append({"role": "agent", "text": turn})
    return "\n\n".join(words), others[:_OTHERS]


def _bare(name: str) -> str:
    return name.partition("(")[0].strip().casefold()


def _turns(text: str) -> Iterator[tuple[str | None, str]]:
    """Who spoke and what, line after line; a line without a name goes on with the turn before it."""
    name, lines = None, list[str]()
    for line in text.splitlines():
        found = _TURN.match(line)
        if found is None:
            lines.append(line)
            continue
        if "".join(lines).strip():
            yield name, "\n".join(lines).strip()
        name, lines = found[1], [found[2]]
    if "".join(lines).strip():
        yield name, "\n".join(lines).strip()
