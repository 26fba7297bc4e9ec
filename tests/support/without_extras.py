"""``python -m tests.support.without_extras EXTRA,…``: what each command says to ``--help`` where extras are missing.

Prints JSON: by command its exit code and its standard error; ``""`` is the program without a command.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson

from cli.extras import EXTRAS
from cli.main import COMMANDS
from tests.support.commands import undercurrent


class Without:
    """A finder of modules that has never seen what extras bring."""

    def __init__(self, finder: Any, extras: Sequence[str]) -> None:
        self._finder = finder
        self._lacks = {package for extra in extras for package in EXTRAS[extra]}

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """What the finder finds, and nothing of the extras."""
        if fullname.partition(".")[0] in self._lacks:
            return None
        return self._finder.find_spec(fullname, path, target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def told_by_each() -> dict[str, tuple[int, str]]:
    """What each command says; it is called in this process."""
    told = {name: undercurrent(*(name,) if name else (), "--help") for name in ("", *COMMANDS)}
    return {name: (one.code, one.err) for name, one in told.items()}


if __name__ == "__main__":
    sys.meta_path[:] = [Without(finder, sys.argv[1].split(",")) for finder in sys.meta_path]
    sys.stdout.write(orjson.dumps(told_by_each()).decode())
