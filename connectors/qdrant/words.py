"""Payloads as the embedded store takes them in quickly: all words of a point together, in one string of JSON.

The library takes 5 µs for every string of a payload, of which a concern has a dozen, 1.4 for every number, and none
worth speaking of for True, False and None. A question looks for the field and its word side by side in that string.

In: payloads and questions in words.   Out: payloads as they are stored and back, and what a question looks for.
State: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from contracts.vectors import Scalar

WORDS = "_words"
"""The payload field that has all words of a point by field, as JSON."""


def together(payload: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """A payload as it is stored.

    >>> together({"label": "bug", "at_s": 5})
    {'at_s': 5, '_words': '{"label":"bug"}'}
    """
    stored, words = dict[str, Scalar](), dict[str, str]()
    for field, value in payload.items():
        if isinstance(value, str):
            words[field] = value
        else:
            stored[field] = value
    if words:
        stored[WORDS] = orjson.dumps(words).decode()
    return stored


def apart(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of which ``together`` made this.

    >>> apart({"at_s": 5, "_words": '{"label":"bug"}'})
    {'at_s': 5, 'label': 'bug'}
    """
    found = dict(stored)
    words = found.pop(WORDS, None)
    return found if words is None else found | orjson.loads(words)


def said(field: str, word: str) -> str:
    """What stands in ``WORDS`` if, and only if, the field has this word: quotes within words are escaped there.

    >>> said("label", "bug")
    '"label":"bug"'
    """
    return orjson.dumps({field: word})[1:-1].decode()
