"""The process that runs the flow over a data directory; ``run`` and ``demo`` start it and watch it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from settings import load_settings
from wiring.engine import Running, run_pipeline
from wiring.product import open_parts, product_pipeline

PARTITIONS = 1
"""Journal partitions of an embedded run: one for every eight tenants, and it has one."""


def worker(
    directory: Annotated[Path, typer.Argument(help="Data directory.")],
    follow: Annotated[bool, typer.Option(help="Wait for more at the journal's end.")] = False,
) -> None:
    """Run the flow over the journal of a data directory, from its last snapshot on."""
    settings = load_settings()
    parts = open_parts(directory, settings)
    epoch = timedelta(seconds=settings.epoch_s)
    run_pipeline(product_pipeline(parts, PARTITIONS), directory, Running(follow=follow, epoch=epoch))


def start_worker(directory: Path, *, follow: bool = False) -> subprocess.Popen[bytes]:
    """Start the worker as a process of its own; its complaints go to ``worker.log`` in the directory."""
    argv = [sys.executable, "-m", "cli", "worker", str(directory)]
    root = Path(__file__).parent.parent
    with (directory / "worker.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            [*argv, "--follow"] if follow else argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(root)},
        )


def last_words(directory: Path) -> str:
    """The last line that the worker wrote, for when it failed."""
    lines = (directory / "worker.log").read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
