"""``undercurrent events``: tell of releases, campaigns, price changes, incidents and infrastructure changes.

What is told is a record of the journal; drift events list what happened near them, from that place in the order on.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, get_args

import typer
from rich.console import Console

from cli.door import Desk, OpenDesk, at_a_desk
from cli.printing import print_json
from cli.times import time_of
from contracts.business import BusinessKind
from contracts.errors import WrongUsage
from wiring.appending import Told
from wiring.public import without_personal_data
from wiring.views.topics import Topics

app = typer.Typer(
    help="Releases, campaigns, prices, incidents, infrastructure: what drift may come from.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
KINDS: dict[str, BusinessKind] = {name: name for name in get_args(BusinessKind)}


@app.callback()
def events() -> None:
    """Tell of what the business did, or what happened to it."""


@app.command("add")
@at_a_desk
def add(
    desk: OpenDesk,
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    name: Annotated[str, typer.Argument(help="What people call it, say 7.4.1; no personal data.")],
    tenant: Annotated[str, typer.Option(help="Whose business it is.")],
    at: Annotated[str | None, typer.Option(help="When it happened, RFC 3339; default: now.")] = None,
    url: Annotated[str | None, typer.Option(help="Where there is more about it.")] = None,
    author: Annotated[str, typer.Option(help="Who says so; kept in the journal.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell of one event; drift that is seen after it in the journal and near it in time names it.

    Example: undercurrent events add release 7.4.1 --tenant acme --at 2026-03-31T13:00:00Z
    """
    if kind not in KINDS:
        raise WrongUsage(f"{kind} is no kind of event; kinds are {', '.join(KINDS)}")
    now = datetime.now(UTC)
    when = time_of(at, "--at", now) if at else now
    told = Told(tenant, KINDS[kind], name, when, url)
    without_personal_data(name=name)
    opened = desk()
    refuse_a_stranger(opened, tenant)
    with opened.orders() as orders:
        orders.tell(author, told)
    opened.act(Console(stderr=True))
    if as_json:
        row = told._asdict() | {"at": told.at.isoformat()}
        print_json(row)
    else:
        sys.stdout.write(f"told: {kind} {name} at {told.at.isoformat()}\n")


def refuse_a_stranger(desk: Desk, tenant: str) -> None:
    """A data directory is of few tenants: another one is a slip. On Kafka one may be told of before its first feedback.

    Raises ``WrongUsage``.
    """
    if not isinstance(desk.topics, Topics):
        return
    here: set[str] = set()
    for _, record in desk.topics.records("redacted"):
        if record.tenant == tenant:
            return
        here.add(record.tenant)
    if here:
        raise WrongUsage(f"--tenant {tenant}: nothing of it is here; here are: {', '.join(sorted(here))}")
