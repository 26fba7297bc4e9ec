"""``undercurrent schemas``: what subscribers read by, and what we may change without breaking them.

``show`` is for subscribers; the others are for people who change contracts, in a checkout.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.printing import print_json
from contracts.errors import WrongUsage
from wiring.schemas.bundle import schema_of
from wiring.schemas.published import broken_promises, checkout, differences, release, schema_text, write
from wiring.topics import load_topics

app = typer.Typer(
    help="JSON Schemas and pages of the topics: show, write, check, release.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Root = Annotated[Path, typer.Option("--root", help="Checkout of Undercurrent.")]
HERE = Path()
CHANGED = 1


@app.command("show")
def show(topic: Annotated[str, typer.Argument(help="Short name, such as themes.")]) -> None:
    """Print the JSON Schema of a topic's records.

    Example: undercurrent schemas show themes
    """
    sys.stdout.write(schema_text(schema_of(known(topic))))


@app.command("write")
def write_files(root: Root = HERE) -> None:
    """Make contracts/schemas and docs/topics anew from the contracts.

    Example: undercurrent schemas write
    """
    for line in write(checkout(root)) or ["everything was as it should be"]:
        typer.echo(line)


@app.command("check")
def check(
    root: Root = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which files are not what the contracts make, and what readers of released schemas would lose.

    Ends with 1 if there is anything to say. Example: undercurrent schemas check
    """
    stale, broken = differences(checkout(root)), broken_promises(root)
    if as_json:
        found = {"files": stale, "broken_promises": broken}
        print_json(found)
    else:
        for line in (*broken, *(f"{line}; run: undercurrent schemas write" for line in stale)):
            typer.echo(line)
    if stale or broken:
        raise typer.Exit(CHANGED)


@app.command("release")
def release_schemas(
    topics: Annotated[list[str] | None, typer.Argument(help="Short names; default: all public.")] = None,
    root: Root = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be promised.")] = False,
) -> None:
    """Promise the current schemas to their readers: from now on a change that breaks them is refused.

    Example: undercurrent schemas release themes priorities
    """
    public = [name for name, topic in load_topics().items() if topic.public]
    for topic in [known(name) for name in topics or public]:
        typer.echo(
            f"{'would promise' if dry_run else 'promised'} {release(checkout(root), topic, dry_run=dry_run)}"
        )


def known(topic: str) -> str:
    """The short name, if there is such a topic. Raises ``WrongUsage`` with those that there are."""
    if topic not in load_topics():
        raise WrongUsage(f"there is no topic {topic}; topics are {', '.join(load_topics())}")
    return topic
