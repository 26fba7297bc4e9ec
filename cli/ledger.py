"""``undercurrent themes``: the ranked themes, what happened to them, what they were, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.door import Desk, OpenDesk, at_a_desk, at_the_desk
from cli.printing import print_json
from cli.themes import rank
from cli.times import time_of
from contracts.themes import ThemeEvent, ThemeOrdered
from wiring.ordering import scene_of
from wiring.views import read_run
from wiring.views.ledger import as_of, history, ids_of
from wiring.views.read import read_topics
from wiring.views.topics import Topics

app = typer.Typer(
    help="Rank the themes of a run; their history; rename, pin, mute, mark, merge, split, move, link.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Tenant = Annotated[str | None, typer.Option(help="Whose themes, where several tenants are there.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
@at_a_desk
def themes(
    desk: OpenDesk,
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Rank the themes of a run, or of the stages on Kafka (without words), with why; or see the commands below.

    Example: undercurrent themes --dir out/demo --limit 5
    """
    if context.invoked_subcommand is None:
        where = desk()
        in_a_directory = isinstance(where.topics, Topics)
        view = (
            read_run(where.folder, tenant) if in_a_directory else read_topics(where.topics, "Kafka", tenant)
        )
        rank(view, limit, as_json)


# -- the ledger ------------------------------------------------------------------------------------------


@app.command("history")
@at_the_desk
def show_history(
    desk: Desk,
    theme: Annotated[str | None, typer.Argument(help="Only this theme and what it was made of.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to the themes: births, names, merges, splits, what people ordered; by whom and why.

    Where there are several tenants and none is named, each line begins with its tenant.
    Example: undercurrent themes history 1f3c --dir out/demo
    """
    events = list(history(desk.topics, tenant, None))
    if theme is not None:
        wanted = ids_of(events, scene_of(desk.topics, tenant).theme(theme))
        events = [one for one in events if wanted & {one.theme_id, one.other_theme}]
    several = len({event.tenant for event in events}) > 1
    _print([event_row(event) for event in events], as_json, _line_of_several if several else event_line)


@app.command("as-of")
@at_the_desk
def show_as_of(
    desk: Desk,
    time: Annotated[str, typer.Argument(help="2026-03-01, RFC 3339, or an age such as 36h.")],
    tenant: Tenant = None,
    members: Annotated[bool, typer.Option("--members", help="List the concerns too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the themes as they were: names, members, sizes, to the tick.

    Example: undercurrent themes as-of 2026-03-01 --dir out/demo
    """
    at = time_of(time, "TIME", datetime.now(UTC))
    rows = [
        {"theme_id": one.theme_id, "label": one.label, "concerns": len(one.members)}
        | ({"members": list(one.members)} if members else {})
        for one in as_of(desk.topics, scene_of(desk.topics, tenant).tenant, at)
    ]
    _print(rows, as_json, lambda row: f"{row['concerns']:>6}  {row['theme_id'][:8]}  {row['label']}")


@app.command("proposals")
@at_the_desk
def show_proposals(desk: Desk, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """List what waits for a person: merges and splits that were proposed, and orders whose theme cannot be told.

    Example: undercurrent themes proposals --dir out/demo
    """
    scene = scene_of(desk.topics, tenant)
    _print([event_row(one) for one in [*scene.open_proposals(), *scene.unresolved()]], as_json, event_line)


def event_row(event: ThemeEvent | ThemeOrdered) -> dict[str, Any]:
    """A line of the ledger for programs."""
    data = event.model_dump(mode="json", exclude_none=True)
    names = (
        "id", "tenant", "event_time", "event", "theme_id", "other_theme", "name_before", "name", "act", "author",
        "reason", "detail", "evidence", "order_id",
    )  # fmt: skip
    return {name: data[name] for name in names if data.get(name) not in (None, "", [])}


def event_line(row: dict[str, Any]) -> str:
    """A line of the ledger for people."""
    themes_told = " → ".join(str(row[name])[:8] for name in ("theme_id", "other_theme") if name in row)
    name = f" “{row['name']}”" if "name" in row else ""
    detail = f" ({row['detail']})" if "detail" in row else ""
    order = f", order {row['order_id']}" if "order_id" in row else ""
    when = str(row["event_time"])[:16]
    return f"{when}  {row['event']:<10} {themes_told}{name}  {row['author']}{order}: {row['reason']}{detail}"


def _line_of_several(row: dict[str, Any]) -> str:
    """A line that says whose theme it is, where there are those of several tenants."""
    return f"{row['tenant']}  {event_line(row)}"


def _print(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        print_json(rows)
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for row in rows:
        console.print(line(row))
    if not rows:
        console.print("nothing")
