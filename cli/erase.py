"""``undercurrent erase``: forget a person, or an item that nobody signed. It cannot be taken back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.asking import confirmed
from cli.door import OpenDesk, at_a_desk
from cli.report import is_report_about, write_report
from contracts.errors import WrongUsage
from wiring.erasing import erase_author, erase_item
from wiring.views import read_run


@at_a_desk
def erase(
    desk: OpenDesk,
    tenant: Annotated[str, typer.Option(help="Whose feedback it is.")],
    by: Annotated[str, typer.Option(help="Who erases; kept in the journal.")],
    author: Annotated[
        str | None,
        typer.Argument(
            help="The person as their source names them, to the letter; - reads it from the standard input."
        ),
    ] = None,
    item: Annotated[str | None, typer.Option(help="Instead: the id of an item without an author.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the key of everything that a person wrote, and take their words out of issues. For good.

    Example: undercurrent erase - --tenant acme --by ann --yes < person.txt
    """
    if (author is None) == (item is None):
        raise WrongUsage("name a person, or an item with --item")
    name = _piped_in() if author == "-" else author
    if name == "":
        raise WrongUsage("the standard input names nobody")
    if author == "-" and not yes:
        raise WrongUsage("a person from the standard input takes --yes: nobody could be asked")
    if not yes:
        confirmed("This cannot be taken back. Erase?")
    opened = desk()
    with opened.orders() as orders:
        if item is not None:
            there = erase_item(orders, by, tenant, item)
        else:
            there = erase_author(orders, by, tenant, name or "")
    try:
        opened.act(Console(stderr=True))
    finally:  # the key is gone, whatever holds up what follows from it
        _report_anew(opened.folder / "report.html", tenant)
    sys.stdout.write("erased\n" if there else "erased before; said again for what was made of it\n")


def _piped_in() -> str:
    try:
        return sys.stdin.readline().strip()
    except UnicodeDecodeError:
        raise WrongUsage("the standard input is not UTF-8, in which sources name people") from None


def _report_anew(report: Path, tenant: str) -> None:
    """The report of a run quotes people: one about the tenant is written again, of what opens still."""
    if is_report_about(report, tenant):
        write_report(read_run(report.parent, tenant), report)
