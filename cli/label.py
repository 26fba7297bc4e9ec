"""``undercurrent label``: models answer what local models of a data directory decided alone, and the answers act."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from cli.printing import print_json
from cli.run import finish
from cli.themes import DEFAULT_DIRECTORY, Directory, existing
from cli.words import count
from cli.worker import PARTITIONS
from settings import load_settings
from wiring.labelling.embedded import Labelled, label

FAILED = 1


def label_directory(
    directory: Directory = DEFAULT_DIRECTORY,
    patience_s: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds to wait for a model that is away.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the language models that are set up about what they can decide better, and let their answers act.

    Nothing waits for them: what nobody answers keeps its local labels and is asked again by the same command.
    Example: UNDERCURRENT_OPENAI_API_KEY_FILE=key undercurrent label --dir out/demo
    """
    console = Console(stderr=as_json)
    settings = load_settings()
    found = label(
        existing(directory), settings, PARTITIONS, partial(datetime.now, UTC), patience_s=patience_s
    )
    for notice in found.notices:
        console.print(notice, markup=False, highlight=False)
    if found.answers:
        finish(directory, found.total, console)
    if as_json:
        print_json(asdict(found))
    else:
        for line in _lines(found):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if found.waiting:
        raise typer.Exit(FAILED)


def _lines(found: Labelled) -> list[str]:
    # What comes later is among what waits, and only as far as it was tried in this turn: two counts of one thing.
    routes = ", ".join(f"{name} {n}" for name, n in found.counts.items() if n and name != "later")
    dollars = found.cost_micro_usd / 1e6
    unpriced = f", {count(found.unpriced, 'call')} of unknown price" if found.unpriced else ""
    lines = [
        f"{found.answers} answered of {found.seen} that local models decided ({routes or 'nothing to ask'})",
        f"{count(found.calls, 'call')}, {count(found.input_tokens, 'token')} in, {found.output_tokens:,} out, "
        f"${dollars:.4f}{unpriced}",
    ]
    if found.waiting:
        stays = "waits" if found.waiting == 1 else "wait"
        lines.append(
            f"{found.waiting} {stays} on, with local labels: {found.why}; give the same command again"
        )
    return lines
