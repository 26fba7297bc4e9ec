"""``undercurrent signals``: implicit signs of users out of LangSmith's and Braintrust's exports."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console

from cli.door import OpenDesk, at_a_desk
from cli.printing import print_json
from cli.words import count
from connectors.files.signals import KEYS, THUMBS, Export, Kind, read_export
from connectors.store.deliveries import DeliveryStore
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.edge.opening import edge_store
from wiring.signals import Imported, import_signs

KINDS: dict[str, Kind] = {name: name for name in get_args(Kind)}
MEANINGS = sorted({*KEYS.values()})


@at_a_desk
def signals(
    desk: OpenDesk,
    file: Annotated[Path, typer.Argument(help="An export: .jsonl or .csv, or the same with .gz.")],
    product: Annotated[str, typer.Option("--from", help=" | ".join(KINDS))],
    tenant: Annotated[str, typer.Option(help="Whose users they are.")],
    keys: Annotated[
        list[str] | None, typer.Option("--key", help=f"What a key means, say my_score={THUMBS}; repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take thumbs, copies, retries and the like as weak signs beside feedback; each sign once, also from a second file.

    Example: undercurrent signals runs.jsonl --from langsmith --tenant acme --key helpfulness=thumbs
    """
    if product not in KINDS:
        raise WrongUsage(f"--from {product}: exports are read from {', '.join(KINDS)}")
    export = read_export(file, KINDS[product], dict(_meaning(told) for told in keys or []))
    if dry_run:
        _tell(export, None, as_json=as_json)
        return
    opened = desk()
    engine = edge_store(load_settings(), opened.folder)
    try:
        with opened.orders() as orders:
            done = import_signs(orders, DeliveryStore(engine), tenant, export.signs, datetime.now(UTC))
    finally:
        engine.dispose()
    opened.act(Console(stderr=True))
    _tell(export, done, as_json=as_json)


def _meaning(told: str) -> tuple[str, str]:
    key, sign, meaning = told.partition("=")
    if not sign or not key.strip() or meaning.strip() not in MEANINGS:
        raise WrongUsage(f"--key {told}: write key=meaning with one of: {', '.join(MEANINGS)}")
    return key.strip().lower().replace("-", "_").replace(" ", "_"), meaning.strip()


def _tell(export: Export, done: Imported | None, *, as_json: bool) -> None:
    told: dict[str, Any] = {
        "signs": len(export.signs),
        "left_out": dict(sorted(export.left_out.items())),
        "comments": export.comments,
    }
    if done is not None:
        told |= {"new": done.new, "known": done.known}
    if as_json:
        print_json(told)
        return
    kept = f", {done.new:,} new" if done else ", nothing written"
    sys.stdout.write(f"{count(len(export.signs), 'sign')}{kept}\n")
    for reason, number in sorted(export.left_out.items()):
        sys.stdout.write(f"left out: {number:,} × {reason}\n")
    if export.comments:
        rows = f"{count(export.comments, 'row')} {'has' if export.comments == 1 else 'have'}"
        sys.stdout.write(f"{rows} a comment: upload those as feedback, they are no signs\n")
