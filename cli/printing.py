"""What a command tells other programs, and what of others' names it shows to people."""

from __future__ import annotations

import re
import sys
from typing import Any

import orjson

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f]")


def harmless(name: str) -> str:
    """A name from outside (a source's, an account's) for a terminal, which would obey its control characters.

    >>> harmless("web\\x1b[2J")
    'web\ufffd[2J'
    """
    return _OBEYED.sub("\ufffd", name)


def print_json(value: Any) -> None:
    """Write JSON to the standard output, for a person to read too."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
