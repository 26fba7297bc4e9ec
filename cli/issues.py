"""``undercurrent issues``: what became of the issues that were opened, and whom to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli.door import Desk, at_the_desk
from cli.printing import harmless, print_json
from cli.tables import SHORT_ID
from cli.words import count as counted
from contracts.commands import IssueState
from contracts.errors import WrongUsage
from contracts.priority import Interval, IssueStatus
from wiring.views.issues import issues, rates


@at_the_desk
def issue_list(
    desk: Desk,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only those that this rule opened.")] = None,
    theme: Annotated[
        str | None, typer.Option(help="Only those of this theme, by its id or its beginning.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    tell: Annotated[
        str | None,
        typer.Option(help="Print the accounts to tell of this issue (key, id, or how the id begins)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List issues with their state, what opened them, whether it helped, and how often each rule's are resolved.

    Example: undercurrent issues --dir out/demo --state done
    """
    if state is not None and state not in get_args(IssueState):
        raise WrongUsage(f"--state {state}: say one of {', '.join(get_args(IssueState))}")
    found = issues(desk.topics, tenant)
    if tell is not None:
        _tell(found, tell, as_json=as_json)
        return
    rated = [one for one in found if rule in (None, one.rule) and one.theme_id.startswith(theme or "")]
    shown = [one for one in rated if state in (None, one.state)]
    (_print_json if as_json else _print)(shown, rated)


def _print_json(shown: Sequence[IssueStatus], rated: Sequence[IssueStatus]) -> None:
    """``rated`` are those of every state: of what is done alone, all would be resolved."""
    by_rule, by_theme = rates(rated, lambda one: one.rule), rates(rated, lambda one: one.theme_id)
    rows = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in shown]
    print_json({"issues": rows, "rules": _rows(by_rule, "rule"), "themes": _rows(by_theme, "theme_id")})


def _print(shown: Sequence[IssueStatus], rated: Sequence[IssueStatus]) -> None:
    console = Console()
    console.print(_table(shown) if shown else "no such issue was opened; see undercurrent themes")
    for (owner, name), (count, rate) in rates(rated, lambda one: one.rule).items():
        console.print(
            f"{owner}: rule {name}: {counted(count, 'issue')}, {_said(rate)}", markup=False, highlight=False
        )


def _tell(found: Sequence[IssueStatus], name: str, *, as_json: bool) -> None:
    """The accounts that were hit by an issue that is done. Raises ``WrongUsage``."""
    named = [one for one in found if name == one.key or (name and one.issue_id.startswith(name))]
    if len(named) != 1:
        told = f"{counted(len(named), 'issue')} are" if named else "no issue is"
        raise WrongUsage(f"{told} called {name}; undercurrent issues lists them with their ids")
    (one,) = named
    if one.state != "done":
        raise WrongUsage(f"issue {name} is {one.state}: there is nobody to tell until it is done")
    if as_json:
        print_json({"issue_id": one.issue_id, "accounts": one.accounts, "tell": list(one.tell)})
        return
    for account in one.tell:
        typer.echo(harmless(account))
    if one.accounts > len(one.tell):
        typer.echo(f"and {one.accounts - len(one.tell)} more, which are not kept", err=True)


def _rows(found: dict[tuple[str, str], tuple[int, Interval]], name: str) -> list[dict[str, Any]]:
    return [
        {"tenant": tenant, name: key, "issues": count, "resolution": rate.model_dump()}
        for (tenant, key), (count, rate) in found.items()
    ]


def _table(shown: Sequence[IssueStatus]) -> Table:
    # Nothing is cut off: an issue is named by what stands here.
    names = ("state", "rule", "theme", "theme's rate", "helped?")
    more = (Column(name, overflow="fold") for name in names)
    table = Table(Column("issue", no_wrap=True), *more, box=None, pad_edge=False)
    for one in shown:
        again = f", again {one.regressions}×" if one.regressions else ""
        drop = one.drop
        helped = (
            f"{drop.verdict}: {drop.before} → {drop.after} accounts a week, {_chance(drop.p)}" if drop else ""
        )
        cells = (one.key or one.issue_id[:SHORT_ID], one.state + again, one.rule, one.label)
        # As text: a name of brackets is no markup.
        table.add_row(*map(Text, cells), _said(one.theme_resolution), helped)
    return table


def _chance(p: float) -> str:
    return f"p {p:.3f}" if p >= 0.0005 else "p < 0.001"


def _said(rate: Interval) -> str:
    if not rate.of:
        return "none ended yet"
    return f"{rate.count} of {rate.of} resolved ({100 * rate.low:.0f}–{100 * rate.high:.0f} %)"
