"""The first JSON object in what a model said: out of fences, after audible thinking, before a farewell."""

from __future__ import annotations

import json
import re

# A model that opens more braces than this without closing an object has said none.
OPENINGS_TRIED = 20

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder()


def first_object(said: str) -> str:
    """The text of the first JSON object in ``said``; without one, ``said`` without thinking and outer space.

    >>> first_object('<think>{"a": 0}?</think>Here: ```json\\n{"a": 1}\\n```')
    '{"a": 1}'
    >>> first_object(" I would rather not. ")
    'I would rather not.'
    """
    text = _without_thinking(said)
    for part in (*_FENCE.findall(text)[:1], text):
        found = _object_in(part)
        if found:
            return found
    return text


def _without_thinking(said: str) -> str:
    text = _THOUGHT.sub("", said)
    # Some servers swallow the opening tag.
    return _THOUGHT_END.split(text)[-1].strip()


def _object_in(text: str) -> str:
    start = -1
    for _ in range(OPENINGS_TRIED):
        start = text.find("{", start + 1)
        if start < 0:
            return ""
        try:
            _value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        return text[start:end]
    return ""
