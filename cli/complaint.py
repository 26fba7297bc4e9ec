"""How the command says that it failed: one line on the standard error, never wrapped, that names the cause."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

STOPPED = 130
"""Exit code of a command that Ctrl-C ended, as shells and typer have it."""

COMPLAINT = "undercurrent: "
"""How the line begins, so that who reads a log finds it among an engine's noise."""


def complain(exc: Exception) -> None:
    """Write the error as one line, in red on a terminal."""
    # Not at every start of a stage, which seldom has something to complain of.
    from rich.console import Console

    sys.stdout.flush()
    line = " ".join(str(exc).split())
    Console(stderr=True).print(
        COMPLAINT + line, style="bold red", markup=False, highlight=False, soft_wrap=True
    )


def notify(console: Console, notices: list[str]) -> None:
    """Show loudly that something is less than it could be."""
    for notice in notices:
        console.print(f"notice: {notice}", style="bold yellow", markup=False, highlight=False, soft_wrap=True)
