"""What a person orders of single concerns and of proposals: commands of ``undercurrent themes``; see ``cli.steer``."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.door import Desk, at_the_desk
from cli.ledger import AsJson, Tenant, app
from cli.ordering import Author, Concerns, DryRun, Why, give
from contracts.errors import WrongUsage
from contracts.steering import LiftOrder, LinkConcerns, MoveConcern
from wiring.ordering import scene_of

__all__ = ["app"]


@app.command("move")
@at_the_desk
def move(
    desk: Desk,
    concern: Annotated[str, typer.Argument(help="Concern id.")],
    author: Author,
    why: Why,
    to: Annotated[str | None, typer.Option(help="The theme where it stays.")] = None,
    out: Annotated[bool, typer.Option("--out", help="Only take it out of its theme.")] = False,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a concern into a theme for good; or take it out of its own, so that it finds another or waits.

    Example: undercurrent themes move 3f0c… --to 9a41 --author ann --reason "it is about the login"
    """
    scene = scene_of(desk.topics, tenant)
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
    give(desk, scene, author, order, dry_run, as_json)


@app.command("link")
@at_the_desk
def link(
    desk: Desk,
    concerns: Concerns,
    author: Author,
    why: Why,
    apart: Annotated[bool, typer.Option("--apart", help="No two of them are ever in one theme.")] = False,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep concerns in one theme always; or, with --apart, never.

    Example: undercurrent themes link 3f0c… 77b2… --apart --author ann --reason "two defects"
    """
    if len(set(concerns)) < 2:
        raise WrongUsage("name two concerns or more")
    scene = scene_of(desk.topics, tenant)
    found = scene.concerns(concerns, desk.topics)
    give(desk, scene, author, LinkConcerns(together=not apart, concerns=found, reason=why), dry_run, as_json)


@app.command("unlink")
@at_the_desk
def unlink(
    desk: Desk,
    order_id: Annotated[str, typer.Argument(help="The order's id, from themes history.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Lift an order: a link, a move, a pin, a name. What it did stays as it is; it need not hold any more.

    Example: undercurrent themes unlink 0-118 --author ann --reason "both are fixed"
    """
    scene = scene_of(desk.topics, tenant)
    give(desk, scene, author, LiftOrder(order_id=order_id, reason=why), dry_run, as_json)


@app.command("approve")
@at_the_desk
def approve(
    desk: Desk,
    proposal: Annotated[str, typer.Argument(help="Id from themes proposals.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a proposed merge or split be done.

    Example: undercurrent themes approve 0-97-themes-3 --author ann --reason "one defect"
    """
    _decide(desk, proposal, author, why, tenant, dry_run, as_json, yes=True)


@app.command("reject")
@at_the_desk
def reject(
    desk: Desk,
    proposal: Annotated[str, typer.Argument(help="Id from themes proposals.")],
    author: Author,
    why: Why,
    tenant: Tenant = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a proposed merge or split never be done, nor proposed again.

    Example: undercurrent themes reject 0-97-themes-3 --author ann --reason "two teams own them"
    """
    _decide(desk, proposal, author, why, tenant, dry_run, as_json, yes=False)


def _decide(
    desk: Desk,
    proposal: str,
    author: str,
    why: str,
    tenant: str | None,
    dry_run: bool,
    as_json: bool,
    *,
    yes: bool,
) -> None:
    scene = scene_of(desk.topics, tenant)
    found = next((one for one in scene.open_proposals() if one.id == proposal), None)
    if found is None:
        raise WrongUsage(f"no proposal {proposal} waits; list them with: undercurrent themes proposals")
    order = scene.decision(found, approve=yes, why=why, topics=desk.topics)
    give(desk, scene, author, order, dry_run, as_json)
