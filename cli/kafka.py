"""``undercurrent kafka up|down``: one Kafka for a developer, without Docker, Java or Maven."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.complaint import notify
from settings import load_settings
from wiring.kafka.jars import KAFKA_VERSION
from wiring.kafka.kept import Kept, keep_up, take_down

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Keep a Kafka broker for development on this machine."
)

DEFAULT_DIRECTORY = Path("out/kafka")
Directory = Annotated[Path, typer.Option("--dir", help="Where its data and its log are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("up")
def up(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Start a broker on 127.0.0.1, unless the directory's runs already, and leave it running.

    It is Apache Kafka from its own jars, which are fetched the first time (45 MB). It keeps its data and its port.

    Example: undercurrent kafka up
    """
    kept, started = keep_up(directory)
    if as_json:
        row = {"bootstrap": kept.bootstrap, "pid": kept.pid, "dir": str(directory), "started": started}
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
        return
    console = Console()
    for line in _told(kept, directory, started=started):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    named = load_settings().kafka_bootstrap
    if named and named != kept.bootstrap:
        notify(console, [f"KAFKA_BOOTSTRAP_SERVERS is set to {named}, so that is what commands use"])


@app.command("down")
def down(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """End the directory's broker; its data stays.

    Example: undercurrent kafka down
    """
    ended = take_down(directory)
    if as_json:
        row = {"ended": ended is not None, "pid": ended.pid if ended else None, "dir": str(directory)}
        sys.stdout.write(orjson.dumps(row).decode() + "\n")
        return
    said = (
        f"no broker runs in {directory}"
        if ended is None
        else f"ended process {ended.pid}; data stays in {directory}"
    )
    Console().print(said, markup=False, highlight=False, soft_wrap=True)


def _told(kept: Kept, directory: Path, *, started: bool) -> list[str]:
    return [
        f"Apache Kafka {KAFKA_VERSION} {'runs' if started else 'runs already'} at {kept.bootstrap} "
        f"(process {kept.pid}, data in {directory})",
        f"  use it:  export KAFKA_BOOTSTRAP_SERVERS={kept.bootstrap}",
        "  topics:  undercurrent topics apply",
        f"  end it:  undercurrent kafka down --dir {directory}",
    ]
