"""``undercurrent outbox``: what is meant for trackers and alert sinks, and what people decide about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from cli.dispatch import Where, as_text, folder_of, where
from cli.flow import SaidData
from cli.printing import print_json
from connectors.store.alerts import AlertStore
from connectors.store.engine import moment_of
from connectors.store.issues import IssueStore, Tracked
from connectors.store.outbox import Effect, OutboxStore, State
from contracts.errors import OrderRefused, WrongUsage
from settings import Settings, load_settings
from wiring.dispatch.opening import open_dispatcher, told_destinations
from wiring.dispatch.previewing import Preview, preview
from wiring.edge.opening import STORE_FILE, edge_store, now_utc

app = typer.Typer(
    help="What waits to be sent to trackers and alert sinks; a person approves, rejects, retries or resolves it.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

EVERY: tuple[State, ...] = ("proposed", "pending", "sending", "manual", "done", "cancelled", "observed")
OPEN: tuple[State, ...] = ("proposed", "pending", "sending", "manual")

NOT_RECALLED = (
    "Not recalled: earlier versions in the issues' history, mails that the tracker sent, and the alerts above, which "
    "carry names of themes, counts and ids, and no word of a customer."
)

Name = Annotated[str, typer.Argument(help="Id of an effect from outbox ls, or how it begins.")]
Author = Annotated[str, typer.Option(help="Who says so; kept with the effect.")]
Why = Annotated[str, typer.Option(help="Why; kept with the effect.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("ls")
def ls(
    directory: Where = None,
    data: SaidData = None,
    state: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(EVERY)}; default: unfinished.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    paused: Annotated[
        bool, typer.Option("--paused", help="List the destinations that rest instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List effects, the most urgent first. Example: undercurrent outbox ls --state manual --dir out/demo"""
    states: list[State] = [one for one in EVERY if one in (state or OPEN)]
    if unknown := set(state or ()) - set(EVERY):
        raise WrongUsage(f"--state {min(unknown)}: say one of {', '.join(EVERY)}")
    with _store(directory, data) as store:
        rests = IssueStore(store).paused()
        rows = [] if paused else OutboxStore(store).listed(states, tenant)
    if paused:
        told = [{**asdict(one), "since": moment_of(one.since)} for one in rests.values()]
        lines = [f"{one.destination}: {one.reason}" for one in rests.values()]
    else:
        told = [_row(row) for row in rows]
        lines = [_line(row) for row in rows]
    if as_json:
        print_json(told)
    else:
        for line in lines or ["nothing"]:
            typer.echo(line)


@app.command("show")
def show(name: Name, directory: Where = None, data: SaidData = None, as_json: AsJson = False) -> None:
    """Show exactly what an effect sends. Example: undercurrent outbox show 3f0c --dir out/demo"""
    settings = load_settings()
    with _store(directory, data) as store:
        effect = _one(store, name)
        folder = _folder(settings, directory, data)
        issue = IssueStore(store).of(effect.destination, effect.about)

        async def previewed() -> Preview:
            told = told_destinations(settings)
            async with open_dispatcher(told, store, folder / "keys", CollectorRegistry()) as dispatcher:
                return preview(effect, dispatcher.opened, dispatcher.stores, now_utc())

        one = asyncio.run(previewed())
    if as_json:
        print_json({**_row(effect), "would_send": one.would, "issue": issue and asdict(issue)})
        return
    typer.echo(as_text(one))
    if issue is not None:
        typer.echo(
            f"{issue.external_key}  {issue.external_url}{'  deleted by people' if issue.is_deleted else ''}"
        )


@app.command("withdrawn")
def withdrawn(
    directory: Where = None,
    data: SaidData = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what customers took back, issue by issue, and what of it no program can recall.

    Example: undercurrent outbox withdrawn --dir out/demo
    """
    with _store(directory, data) as store:
        told = [_taken_back(store, effect) for effect in OutboxStore(store).withdrawals(tenant)]
    if as_json:
        print_json(told)
        return
    for one in told:
        typer.echo(
            f"{one['id']}  {one['state']:9} {one['destination']}  {one['issue']}  {one['reason']}".rstrip()
        )
        for alert in one["said_before"]:
            typer.echo(
                f"    said at {alert['destination']}, {alert['at']:%Y-%m-%d %H:%M}: alert {alert['alert']}"
            )
    typer.echo(NOT_RECALLED if told else "nothing")


@app.command("approve")
def approve(
    names: Annotated[list[str], typer.Argument(help="Ids of proposals.")],
    author: Author,
    directory: Where = None,
    data: SaidData = None,
    as_json: AsJson = False,
) -> None:
    """Let proposals happen. Example: undercurrent outbox approve 3f0c --author ann"""
    with _store(directory, data) as store:
        _decide(store, names, author, "pending", ("proposed",), "", as_json=as_json)


@app.command("reject")
def reject(
    names: Annotated[list[str], typer.Argument(help="Ids of what is not to happen.")],
    author: Author,
    why: Why = "",
    directory: Where = None,
    data: SaidData = None,
    as_json: AsJson = False,
) -> None:
    """Cancel what has not happened. Example: undercurrent outbox reject 3f0c --author ann --why "known" """
    with _store(directory, data) as store:
        _decide(store, names, author, "cancelled", ("proposed", "pending", "manual"), why, as_json=as_json)


@app.command("retry")
def retry(
    names: Annotated[list[str], typer.Argument(help="Ids from the manual queue.")],
    author: Author,
    directory: Where = None,
    data: SaidData = None,
    as_json: AsJson = False,
) -> None:
    """Try again what was given up. Example: undercurrent outbox retry 3f0c --author ann"""
    with _store(directory, data) as store:
        _decide(store, names, author, "pending", ("manual",), "", as_json=as_json)


@app.command("resolve")
def resolve(
    name: Name,
    author: Author,
    why: Why = "",
    external_id: Annotated[str, typer.Option(help="The tracker's id of the issue you made by hand.")] = "",
    key: Annotated[str, typer.Option(help="Its key, say ENG-42.")] = "",
    url: Annotated[str, typer.Option(help="Its address.")] = "",
    directory: Where = None,
    data: SaidData = None,
    as_json: AsJson = False,
) -> None:
    """Say that you did it by hand; with --external-id, of an effect that opens an issue, later comments go to yours.

    Example: undercurrent outbox resolve 3f0c --author ann --external-id 10073 --key ENG-42
    """
    if (key or url) and not external_id:
        raise WrongUsage("--key and --url go with --external-id: say the tracker's id of the issue, too")
    with _store(directory, data) as store:
        effect = _one(store, name)
        if external_id and effect.verb != "open":
            raise WrongUsage(
                f"--external-id: {effect.id} is {effect.verb}, which makes no issue; leave it out, or give it with the "
                f"effect that opens issue {effect.about}"
            )
        yours = None
        if external_id:
            theme = effect.theme_id or ""
            yours = Tracked(effect.destination, effect.about, effect.tenant, theme, external_id, key, url, {})
        _decide(store, [name], author, "done", ("proposed", "manual"), why, as_json=as_json, issue=yours)


@app.command("resume")
def resume(
    destination: Annotated[str, typer.Argument(help="Name of a destination that rests.")],
    directory: Where = None,
    data: SaidData = None,
    as_json: AsJson = False,
) -> None:
    """Let a destination that rests be tried again now. Example: undercurrent outbox resume acme-slack"""
    with _store(directory, data) as store:
        was = IssueStore(store).resume(destination)
    if not was:
        raise WrongUsage(f"{destination} does not rest; see: undercurrent outbox ls --paused")
    if as_json:
        print_json({"resumed": destination})
    else:
        typer.echo(f"resumed: {destination}")


@contextmanager
def _store(directory: Path | None, data: Path | None) -> Iterator[Engine]:
    settings = load_settings()
    store = edge_store(settings, _folder(settings, directory, data))
    try:
        yield store
    finally:
        store.dispose()


def _folder(settings: Settings, directory: Path | None, data: Path | None) -> Path:
    """As ``folder_of``, but a data folder's Kafka need not be named: all that is asked lies in the folder."""
    if directory is not None or data is None or settings.kafka_bootstrap:
        return folder_of(settings, directory, data)
    if settings.store_url is None and not (data / STORE_FILE).exists():
        raise WrongUsage(
            f"--data {data}: no outbox here; it lies where dispatch or the edge was given --data"
        )
    return data


def _one(store: Engine, name: str) -> Effect:
    found = OutboxStore(store).find(name)
    if len(found) != 1:
        what = "nothing begins" if not found else "several begin"
        raise WrongUsage(f"{name}: {what} with that; see: undercurrent outbox ls")
    return found[0]


def _decide(
    store: Engine,
    names: Sequence[str],
    author: str,
    state: State,
    came_from: Sequence[State],
    why: str,
    *,
    as_json: bool,
    issue: Tracked | None = None,
) -> None:
    """Decide about each, and say about which. Raises ``OrderRefused`` for the rest, once the others are decided."""
    if not author.strip():
        raise WrongUsage("--author: say who decides; it is kept with the effect")
    outbox = OutboxStore(store)
    done, refused = list[str](), list[str]()
    for name in dict.fromkeys(_one(store, name).id for name in names):
        if outbox.decide(name, author, now_utc(), state, came_from, why, issue):
            done.append(name)
        else:
            refused += [f"{name} is {one.state}, not {' or '.join(came_from)}" for one in outbox.find(name)]
    # Before the refusal: what was decided stands, and may be on its way.
    if as_json:
        print_json([{"id": name, "state": state, "author": author} for name in done])
    else:
        for name in done:
            typer.echo(f"{state}: {name}")
    if refused:
        raise OrderRefused("; ".join(refused))


def _row(effect: Effect) -> dict[str, Any]:
    return {
        "state": effect.state, **where(Preview(effect, None)), "theme_id": effect.theme_id,
        "attempts": effect.attempts, "reason": effect.reason, "decided_by": effect.decided_by,
        "taken_at": moment_of(effect.taken_at), "next_at": moment_of(effect.next_at),
    }  # fmt: skip


def _taken_back(store: Engine, effect: Effect) -> dict[str, Any]:
    """One issue's withdrawal, with the alerts about its theme that were sent before."""
    issue = IssueStore(store).of(effect.destination, effect.about)
    said = AlertStore(store).said(effect.tenant, issue.theme_id, effect.taken_at) if issue else []
    sent = [{"destination": s.destination, "at": moment_of(s.taken_at), "alert": s.about} for s in said]
    name = issue.external_key if issue else effect.about
    return {**_row(effect), "issue": name, "url": issue and issue.external_url, "said_before": sent}


def _line(effect: Effect) -> str:
    why = f"\n    {effect.reason}" if effect.reason else ""
    when = f"{moment_of(effect.taken_at):%Y-%m-%d %H:%M}"
    return f"{effect.id}  {effect.state:9} {effect.verb:7} {effect.destination}  {when}  {effect.about}{why}"
