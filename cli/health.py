"""``undercurrent health``: does the loop behind a health file still go round? For the checks of containers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from wiring.health import MAX_AGE_S, trouble

File = Annotated[list[Path], typer.Option("--file", help="Health file of a process; may be given again.")]
MaxAge = Annotated[float, typer.Option(min=0, help="Seconds since its last turn that are still well.")]


def health(file: File, max_age: MaxAge = MAX_AGE_S) -> None:
    """Exit 0 when every process went round lately, 1 with a line for each that did not.

    Example: undercurrent health --file data/g1/themes/health-0.json --max-age 30
    """
    now = time.time()
    found = [said for path in file if (said := trouble(path, max_age, now))]
    for said in found:
        sys.stderr.write(f"{said}\n")
    raise typer.Exit(int(bool(found)))
