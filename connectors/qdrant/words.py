"""Payloads as the embedded store takes them in quickly: words as numbers, and once together as they are.

The library takes 5 µs for every string of a payload, of which a concern has a dozen, and none worth speaking of for a
number. So a word is stored as 63 bits of its BLAKE2, which is what questions compare, and all words in one more string.

In: payloads and questions in words.   Out: the same in numbers, and payloads in words again.   State: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson

from connectors.qdrant.points import ITEM
from contracts.vectors import Scalar

WORDS = "_words"
"""The payload field that has all words of a point by field, as JSON."""


@lru_cache(maxsize=50_000)
def number_of(word: str) -> int:
    """What stands for a word; the same everywhere. Of a million words two share one with a chance of 1 in 10 million.

    >>> number_of("bug")
    702130240314353611
    """
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big") >> 1


def in_numbers(payload: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """A payload as it is stored.

    >>> in_numbers({"label": "bug", "at_s": 5})
    {'label': 702130240314353611, 'at_s': 5, '_words': '{"label":"bug"}'}
    """
    stored, words = dict(payload), dict[str, str]()
    for field, value in payload.items():
        if isinstance(value, str):
            words[field] = value
            if field != ITEM:
                stored[field] = number_of(value)
    if words:
        stored.pop(ITEM, None)  # nobody asks for it, and each is another one
        stored[WORDS] = orjson.dumps(words).decode()
    return stored


def in_words(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of which ``in_numbers`` made this.

    >>> in_words(in_numbers({"label": "bug", "at_s": 5}))
    {'label': 'bug', 'at_s': 5}
    """
    found = dict(stored)
    words = found.pop(WORDS, None)
    return found if words is None else found | orjson.loads(words)
