"""What a person orders of the themes: commands of ``undercurrent themes``.

An order is a command in the journal: it acts at its own place in the order, also on replay and in another generation.
One that contradicts an earlier order is refused here (exit code 4), and again where it acts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.ledger import AsJson, Tenant, Where, app, desk_of, event_line, event_row
from cli.letters import Desk
from cli.printing import print_json
from contracts.errors import OrderRefused, WrongUsage
from contracts.steering import (
    DecideProposal,
    LiftOrder,
    LinkConcerns,
    MergeThemes,
    MoveConcern,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SetAutonomy,
    SplitTheme,
    ThemeOrder,
    UnmergeTheme,
)
from wiring.appending import Given
from wiring.ordering import Scene, scene_of
from wiring.views.ledger import history

__all__ = ["app"]

Theme = Annotated[str, typer.Argument(help="Theme id, or how it begins.")]
Concerns = Annotated[list[str], typer.Argument(help="Concern ids, say from similar --json.")]
Author = Annotated[str, typer.Option(help="Who orders it; kept in the journal.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger. No personal data.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


@app.command("rename")
def rename(
    theme: Theme,
    name: Annotated[str, typer.Argument(help="What it is called from here on.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a theme its final name.

    Example: undercurrent themes rename 1f3c "Charged twice" --author ann --reason "as support calls it"
    """
    desk, scene = _opened(directory, tenant)
    _give(desk, scene, author, RenameTheme(theme=scene.root(theme), name=name, reason=why), dry_run, as_json)


@app.command("pin")
def pin(
    theme: Theme,
    author: Author,
    why: Why,
    off: Off = False,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep a theme: never merged away, split, retired or renamed by the engine.

    Example: undercurrent themes pin 1f3c --author ann --reason "on the roadmap"
    """
    desk, scene = _opened(directory, tenant)
    _give(
        desk, scene, author, PinTheme(theme=scene.root(theme), pinned=not off, reason=why), dry_run, as_json
    )


@app.command("mute")
def mute(
    theme: Theme,
    author: Author,
    why: Why,
    off: Off = False,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a theme open no issue and raise no alert.

    Example: undercurrent themes mute 1f3c --author ann --reason "fixed in 4.2"
    """
    desk, scene = _opened(directory, tenant)
    _give(
        desk, scene, author, MuteTheme(theme=scene.root(theme), muted=not off, reason=why), dry_run, as_json
    )


@app.command("merge")
def merge(
    theme: Theme,
    into: Annotated[str, typer.Argument(help="The theme that stays.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Read a theme as another; it can be undone without loss.

    Example: undercurrent themes merge 1f3c 9a41 --author ann --reason "one defect"
    """
    desk, scene = _opened(directory, tenant)
    order = MergeThemes(theme=scene.root(theme), into=scene.root(into), reason=why)
    _give(desk, scene, author, order, dry_run, as_json)


@app.command("unmerge")
def unmerge(
    theme: Annotated[str, typer.Argument(help="The theme that was merged away.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a merged theme its own members back, exactly; the engine does not merge the two again.

    Example: undercurrent themes unmerge 1f3c --author ann --reason "two defects after all"
    """
    desk, scene = _opened(directory, tenant)
    own, rest = scene.origin(theme)
    _give(desk, scene, author, UnmergeTheme(theme=own, out_of=rest, reason=why), dry_run, as_json)


@app.command("split")
def split(
    theme: Theme,
    examples: Concerns,
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Found a theme of these concerns; what is nearer to them than to the rest follows.

    Example: undercurrent themes split 1f3c 3f0c… 77b2… --author ann --reason "these are about the web"
    """
    desk, scene = _opened(directory, tenant)
    concerns = scene.concerns(examples, desk.topics)
    order = SplitTheme(theme=scene.root(theme), examples=concerns, reason=why)
    _give(desk, scene, author, order, dry_run, as_json)


@app.command("move")
def move(
    concern: Annotated[str, typer.Argument(help="Concern id.")],
    author: Author,
    why: Why,
    to: Annotated[str | None, typer.Option(help="The theme where it stays.")] = None,
    out: Annotated[bool, typer.Option("--out", help="Only take it out of its theme.")] = False,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a concern into a theme for good; or take it out of its own, so that it finds another or waits.

    Example: undercurrent themes move 3f0c… --to 9a41 --author ann --reason "it is about the login"
    """
    desk, scene = _opened(directory, tenant)
    (ref,) = scene.concerns([concern], desk.topics)
    current = scene.theme_of(concern)
    if (to is None) == (not out) or (out and current is None):
        raise WrongUsage("say either --to THEME, or --out for a concern that is in a theme")
    order = MoveConcern(
        concern=ref,
        to=None if to is None else scene.root(to),
        out_of=scene.root(current) if out and current is not None else None,
        reason=why,
    )
    _give(desk, scene, author, order, dry_run, as_json)


@app.command("link")
def link(
    concerns: Concerns,
    author: Author,
    why: Why,
    apart: Annotated[bool, typer.Option("--apart", help="No two of them are ever in one theme.")] = False,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep concerns in one theme always; or, with --apart, never.

    Example: undercurrent themes link 3f0c… 77b2… --apart --author ann --reason "two defects"
    """
    if len(set(concerns)) < 2:
        raise WrongUsage("name two concerns or more")
    desk, scene = _opened(directory, tenant)
    found = scene.concerns(concerns, desk.topics)
    _give(desk, scene, author, LinkConcerns(together=not apart, concerns=found, reason=why), dry_run, as_json)


@app.command("unlink")
def unlink(
    order_id: Annotated[str, typer.Argument(help="The order's id, from themes history.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Lift an order: a link, a move, a pin, a name. What it did stays as it is; it need not hold any more.

    Example: undercurrent themes unlink 0-118 --author ann --reason "both are fixed"
    """
    desk, scene = _opened(directory, tenant)
    _give(desk, scene, author, LiftOrder(order_id=order_id, reason=why), dry_run, as_json)


@app.command("approve")
def approve(
    proposal: Annotated[str, typer.Argument(help="Id from themes proposals.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a proposed merge or split be done.

    Example: undercurrent themes approve 0-97-themes-3 --author ann --reason "one defect"
    """
    _decide(proposal, author, why, directory, tenant, dry_run, as_json, yes=True)


@app.command("reject")
def reject(
    proposal: Annotated[str, typer.Argument(help="Id from themes proposals.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a proposed merge or split never be done, nor proposed again.

    Example: undercurrent themes reject 0-97-themes-3 --author ann --reason "two teams own them"
    """
    _decide(proposal, author, why, directory, tenant, dry_run, as_json, yes=False)


@app.command("autonomy")
def autonomy(
    level: Annotated[str, typer.Argument(help="act: merge and split; suggest: only propose it.")],
    author: Author,
    why: Why,
    directory: Where = None,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the engine merges and splits themes, or only proposes it.

    Example: undercurrent themes autonomy suggest --author ann --reason "while we try it"
    """
    if level not in ("act", "suggest"):
        raise WrongUsage(f"{level}: say act or suggest")
    desk, scene = _opened(directory, tenant)
    order = SetAutonomy(autonomy="act" if level == "act" else "suggest", reason=why)
    _give(desk, scene, author, order, dry_run, as_json)


def _decide(
    proposal: str,
    author: str,
    why: str,
    directory: Path | None,
    tenant: str | None,
    dry_run: bool,
    as_json: bool,
    *,
    yes: bool,
) -> None:
    desk, scene = _opened(directory, tenant)
    found = next((one for one in scene.open_proposals() if one.id == proposal), None)
    if found is None or found.theme_id is None or found.act is None:
        raise WrongUsage(f"no proposal {proposal} waits; list them with: undercurrent themes proposals")
    order = DecideProposal(
        proposal=proposal,
        approve=yes,
        act=found.act,
        theme=scene.root(found.theme_id),
        other=scene.root(found.other_theme) if found.other_theme else None,
        examples=scene.concerns(found.evidence, desk.topics) if found.act == "split" else (),
        reason=why,
    )
    _give(desk, scene, author, order, dry_run, as_json)


# -- what the commands share -----------------------------------------------------------------------------


def _opened(directory: Path | None, tenant: str | None) -> tuple[Desk, Scene]:
    desk = desk_of(directory)
    return desk, scene_of(desk.topics, tenant)


def _give(desk: Desk, scene: Scene, author: str, order: ThemeOrder, dry_run: bool, as_json: bool) -> None:
    """Append the order and let an embedded flow act on it. Raises ``OrderRefused``."""
    if (why := scene.refusal(order)) is not None:
        raise OrderRefused(f"refused: {why}")
    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    told: list[dict[str, Any]] = []
    if not dry_run:
        before = {event.id for event in history(desk.topics, scene.tenant, None)}
        with desk.orders() as orders:
            orders.give(author, [Given(scene.tenant, order)])
        if desk.act(console):
            told = [event_row(e) for e in history(desk.topics, scene.tenant, None) if e.id not in before]
    done = {"dry_run": dry_run, "order": order.model_dump(mode="json", exclude_none=True), "told": told}
    if as_json:
        print_json(done)
        return
    out = Console(soft_wrap=True, markup=False, highlight=False)
    out.print(f"{'would order' if dry_run else 'ordered'}: {order.verb}")
    for row in told:
        out.print(event_line(row))
