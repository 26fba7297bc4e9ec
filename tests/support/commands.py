"""Give the ``undercurrent`` command as a person does, in this process, and hear what it says."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from cli.main import main
from tests.support.product import KEYWORDS


@dataclass(frozen=True, slots=True)
class Told:
    """Exit code and what went to the standard output and the standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output read as JSON."""
        return orjson.loads(self.out)


def undercurrent(*argv: str | Path, env: Mapping[str, str] = KEYWORDS) -> Told:
    """Give ``undercurrent argv…``; workers it starts are processes of their own."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with (
        patch.dict(os.environ, env),
        patch.object(sys, "argv", ["undercurrent", *map(str, argv)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    return Told(int(code), out.getvalue(), err.getvalue())
