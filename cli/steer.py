"""What a person orders of the themes: commands of ``undercurrent themes``.

An order is a command in the journal: it acts at its own place in the order, also on replay and in another generation.
One that contradicts an earlier order is refused here (exit code 4), and again where it acts.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.door import Desk, at_the_desk
from cli.ledger import AsJson, Tenant
from cli.ordering import Author, Concerns, DryRun, Off, Theme, Why, give
from cli.steer_concerns import app
from contracts.errors import WrongUsage
from contracts.steering import (
    MarkTheme,
    MergeThemes,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SetAutonomy,
    SplitTheme,
    UnmergeTheme,
)
from wiring.ordering import scene_of

__all__ = ["app"]


@app.command("rename")
@at_the_desk
def rename(
    desk: Desk,
    theme: Theme,
    name: Annotated[str, typer.Argument(help="What it is called from here on.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a theme its final name.

    Example: undercurrent themes rename 1f3c "Charged twice" --author ann --reason "as support calls it"
    """
    scene = scene_of(desk.topics, tenant)
    give(desk, scene, author, RenameTheme(theme=scene.root(theme), name=name, reason=why), dry_run, as_json)


@app.command("pin")
@at_the_desk
def pin(
    desk: Desk,
    theme: Theme,
    author: Author,
    why: Why,
    off: Off = False,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep a theme: never merged away, split, retired or renamed by the engine.

    Example: undercurrent themes pin 1f3c --author ann --reason "on the roadmap"
    """
    scene = scene_of(desk.topics, tenant)
    give(desk, scene, author, PinTheme(theme=scene.root(theme), pinned=not off, reason=why), dry_run, as_json)


@app.command("mute")
@at_the_desk
def mute(
    desk: Desk,
    theme: Theme,
    author: Author,
    why: Why,
    off: Off = False,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a theme open no issue and raise no alert.

    Example: undercurrent themes mute 1f3c --author ann --reason "fixed in 4.2"
    """
    scene = scene_of(desk.topics, tenant)
    give(desk, scene, author, MuteTheme(theme=scene.root(theme), muted=not off, reason=why), dry_run, as_json)


@app.command("mark")
@at_the_desk
def mark(
    desk: Desk,
    theme: Theme,
    author: Author,
    why: Why,
    critical: Annotated[
        bool, typer.Option("--critical/--not", help="It is critical; or what was said so no longer holds.")
    ] = True,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that a theme is critical: what comes very close to it raises an alert at once, with your name.

    Example: undercurrent themes mark 1f3c --critical --author ann --reason "the outage of March"
    """
    scene = scene_of(desk.topics, tenant)
    order = MarkTheme(theme=scene.root(theme), critical=critical, reason=why)
    give(desk, scene, author, order, dry_run, as_json)


@app.command("merge")
@at_the_desk
def merge(
    desk: Desk,
    theme: Theme,
    into: Annotated[str, typer.Argument(help="The theme that stays.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Read a theme as another; it can be undone without loss.

    Example: undercurrent themes merge 1f3c 9a41 --author ann --reason "one defect"
    """
    scene = scene_of(desk.topics, tenant)
    order = MergeThemes(theme=scene.root(theme), into=scene.root(into), reason=why)
    give(desk, scene, author, order, dry_run, as_json)


@app.command("unmerge")
@at_the_desk
def unmerge(
    desk: Desk,
    theme: Annotated[str, typer.Argument(help="The theme that was merged away.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a merged theme its own members back, exactly; the engine does not merge the two again.

    Example: undercurrent themes unmerge 1f3c --author ann --reason "two defects after all"
    """
    scene = scene_of(desk.topics, tenant)
    own, rest = scene.origin(theme)
    give(desk, scene, author, UnmergeTheme(theme=own, out_of=rest, reason=why), dry_run, as_json)


@app.command("split")
@at_the_desk
def split(
    desk: Desk,
    theme: Theme,
    examples: Concerns,
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Found a theme of these concerns; what is nearer to them than to the rest follows.

    Example: undercurrent themes split 1f3c 3f0c… 77b2… --author ann --reason "these are about the web"
    """
    scene = scene_of(desk.topics, tenant)
    concerns = scene.concerns(examples, desk.topics)
    order = SplitTheme(theme=scene.root(theme), examples=concerns, reason=why)
    give(desk, scene, author, order, dry_run, as_json)


@app.command("autonomy")
@at_the_desk
def autonomy(
    desk: Desk,
    level: Annotated[str, typer.Argument(help="act: merge and split; suggest: only propose it.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the engine merges and splits themes, or only proposes it.

    Example: undercurrent themes autonomy suggest --author ann --reason "while we try it"
    """
    if level not in ("act", "suggest"):
        raise WrongUsage(f"{level}: say act or suggest")
    scene = scene_of(desk.topics, tenant)
    order = SetAutonomy(autonomy="act" if level == "act" else "suggest", reason=why)
    give(desk, scene, author, order, dry_run, as_json)
