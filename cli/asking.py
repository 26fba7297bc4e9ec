"""Ask a person before something that cannot be taken back."""

from __future__ import annotations

import sys

import typer

from contracts.errors import WrongUsage


def confirmed(question: str) -> None:
    """Go on if the answer is yes, which may be piped in; a no ends the command with exit code 1.

    Raises ``WrongUsage`` where nobody is there to answer.
    """
    try:
        typer.confirm(question, abort=True, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        typer.echo(err=True)  # the question has not ended its line
        raise WrongUsage("nobody said yes; where nobody can be asked, give --yes") from None
