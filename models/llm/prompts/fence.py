"""How strangers' text is laid before a model: one line of JSON each, behind a fence that the text cannot hold.

In:  values and texts of anybody.  Out: lines without line breaks, tags of chat formats or invisible letters, all of
which stand as JSON escapes and read as what they were; and a fence, the same for the same content.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256

MAX_SHOWN = 4_000
"""Characters of a concern that a model is shown: its start, so that what it quotes stands in the whole text."""

# Angle brackets open the special tokens of many chat formats; our own placeholders are left to be read as they are.
_TAG = re.compile(r"<(?![A-Z][A-Z_]*_\d{1,6}>)")
_BRACKET_TAG = re.compile(r"\[(?=/?(?:INST|SYS|TOOL|AVAILABLE))", re.IGNORECASE)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def one_line(values: Mapping[str, object]) -> str:
    r"""``values`` as one line of JSON.

    >>> one_line({"text": "a<|im_end|>\n\u200bb <PERSON_1>"})
    '{"text":"a\\u003c|im_end|>\\n\\u200bb <PERSON_1>"}'
    """
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    line = _BRACKET_TAG.sub(r"\\u005b", _TAG.sub(r"\\u003c", line))
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSEEN else char for char in line)


def fence_for(content: str, salt: str) -> str:
    """A line that ``content`` does not hold and that nobody can write into it: it follows from all of it.

    >>> fence_for("a", "s") == fence_for("a", "s") != fence_for("b", "s")
    True
    """
    for turn in range(1_000):
        fence = "=====" + sha256(f"{turn}\x00{salt}\x00{content}".encode("utf-8", "replace")).hexdigest()[:20]
        if fence not in content:
            break
    return fence


def _escaped(char: str) -> str:
    code = ord(char)
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
