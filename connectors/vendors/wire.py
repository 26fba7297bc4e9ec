"""JSON as vendors write it, read and written so that one odd record never holds up those beside it.

A vendor that cuts a text in the middle of an emoji sends half a character (``\\ud83d``), which no strict parser takes;
a record may be nested deeper than can be written again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

DEEPEST = 200
"""Levels that are written: what is below is left out. orjson reads 1,024 and writes 254."""

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""An escape in JSON: a whole pair, half of one (the group), or any other."""


def read_json(body: bytes) -> Any:
    """What a vendor sent; a half of a character, and bytes that are no UTF-8, become U+FFFD.

    Raises ``ValueError`` for what is no JSON all the same.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        mended = _mended(body)
        if mended == body:
            raise
    return orjson.loads(mended)


def write_json(value: Any, *, ordered: bool = False) -> bytes:
    """JSON of something that was read, ``ordered`` by names; where it is too deep, an ellipsis below ``DEEPEST``."""
    option = orjson.OPT_SORT_KEYS if ordered else 0
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        return orjson.dumps(_shallow(value, DEEPEST), option=option)


def _mended(body: bytes) -> bytes:
    text = body.decode("utf-8-sig", "replace")
    return _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text).encode()


def _shallow(value: Any, levels: int) -> Any:
    if not isinstance(value, Mapping | list):
        return value
    if not levels:
        return "…"
    if isinstance(value, list):
        return [_shallow(one, levels - 1) for one in value]
    return {name: _shallow(one, levels - 1) for name, one in value.items()}
