"""``undercurrent keys``: API keys of programs that send feedback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.flow import DATA, DataOption
from cli.printing import print_json
from connectors.keys.vault import LocalVault
from connectors.store.keys import ApiKey, KeyStore
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.edge.keys import SCOPES, make_key
from wiring.edge.opening import edge_store

MOST_DAYS, MOST_PER_S = 36_500, 1_000_000

app = typer.Typer(help="API keys: made, listed, revoked. A key is shown once.", no_args_is_help=True)

Where = Annotated[
    Path | None,
    typer.Option("--dir", help="Data directory, for serve --dir; without it the keys are in --data."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _opened(directory: Path | None, data: Path, *, must_exist: bool = True) -> Iterator[KeyStore]:
    """The store of the folder that ``serve`` opens with the same options.

    Who only looks makes no folder of a name that was misspelt: ``must_exist`` raises ``WrongUsage`` instead.
    """
    settings, place = load_settings(), directory or data
    if must_exist and settings.store_url is None and not place.is_dir():
        raise WrongUsage(f"{place}: there is no such directory; name the one that serve runs with")
    engine = edge_store(settings, place)
    try:
        yield KeyStore(engine)
    finally:
        engine.dispose()


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    tenant: Annotated[str | None, typer.Option(help="Whose; default: UNDERCURRENT_TENANT.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; may be given again.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DAYS, help="How long it lives; default: until it is revoked."),
    ] = None,
    per_s: Annotated[
        int | None, typer.Option(min=1, max=MOST_PER_S, help="Requests a second that it may send.")
    ] = None,
    directory: Where = None,
    data: DataOption = DATA,
    as_json: Json = False,
) -> None:
    """Make a key and show it, this one time.

    Example: undercurrent keys create "web form" --scope feedback:write --days 365
    """
    now = datetime.now(UTC)
    with (
        _opened(directory, data, must_exist=False) as store,
        closing(LocalVault((directory or data) / "keys")) as vault,
    ):
        key, shown = make_key(
            store,
            vault.digest,
            tenant or load_settings().tenant,
            name,
            scope or SCOPES[:1],
            now,
            expires_at=None if days is None else now + timedelta(days=days),
            per_s=per_s,
        )
    if as_json:
        print_json({"key": shown, **_row(key)})
        return
    typer.echo(shown)
    typer.echo(f"key {key.id} of {key.tenant}: {', '.join(key.scopes)}; it is not shown again", err=True)


@app.command("ls")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Of this tenant alone.")] = None,
    directory: Where = None,
    data: DataOption = DATA,
    as_json: Json = False,
) -> None:
    """Show the keys, without what opens anything.

    Example: undercurrent keys ls --tenant acme
    """
    with _opened(directory, data) as store:
        keys = store.all(tenant)
    if as_json:
        print_json([_row(key) for key in keys])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "tenant", "name", "scopes", "expires", "used", "state"):
        # What a person judges a key by is never cut off: what is long goes on below.
        table.add_column(name, no_wrap=name not in ("tenant", "name"), overflow="fold")
    now = datetime.now(UTC)
    for key in keys:
        state = "revoked" if key.revoked_at else "lives" if key.lives(now) else "over"
        times = map(_day, (key.expires_at, key.used_at))
        table.add_row(key.id, key.tenant, Text(key.name), "\n".join(key.scopes), *times, state)
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, as ls shows it.")],
    directory: Where = None,
    data: DataOption = DATA,
    as_json: Json = False,
) -> None:
    """Let a key open nothing any more; a running service notices within 5 seconds.

    Example: undercurrent keys revoke 4f3a9c01d2e7
    """
    with _opened(directory, data) as store:
        if not store.revoke(key_id, datetime.now(UTC)):
            raise WrongUsage(f"key {key_id}: there is none that lives; `undercurrent keys ls` shows them")
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        typer.echo(f"key {key_id} is revoked")


def _row(key: ApiKey) -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name != "digest"}


def _day(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d}"
