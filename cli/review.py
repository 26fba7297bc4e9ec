"""``undercurrent review``: what waits for a person, and what the person says of it.

What a person says is a command in the journal: it acts at its own place in the order, also on replay. Without a command
of its own it is a review on the terminal (``review_session``), or a CSV file to fill in (``--export``, ``--import``).
"""

from __future__ import annotations

import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.cards import case_lines, case_row
from cli.door import Desk, OpenDesk, at_a_desk, at_the_desk
from cli.printing import print_json
from cli.review_classes import add_class, taxonomies_of
from cli.words import count
from connectors.keys.vault import LocalVault
from contracts.errors import OrderRefused, WrongUsage
from wiring.appending import Given
from wiring.ordering import Scene, scene_of
from wiring.reviewing.answers import Answers, Said, Verb, correction_of
from wiring.reviewing.case import Case
from wiring.reviewing.indexed import waiting
from wiring.reviewing.table import Row, read_answers, refuse_unseen, write_cases

REJECTED = 3
"""Exit code: what could be done is done, and some rows were wrong."""

app = typer.Typer(
    help="Decide what waits for a person: on the terminal, by a CSV file, or by the commands below.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Author = Annotated[str, typer.Option(help="Who says so; kept in the journal.")]
Tenant = Annotated[str | None, typer.Option(help="Only this tenant's.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Early = Annotated[bool, typer.Option("--all", help="Also what a model may still answer.")]
ConcernId = Annotated[str, typer.Argument(help="Id of a concern, or of what else review ls tells.")]


@app.callback()
@at_a_desk
def review(
    context: typer.Context,
    desk: OpenDesk,
    author: Annotated[str, typer.Option(help="Who reviews; kept in the journal.")] = "",
    export: Annotated[
        Path | None, typer.Option("--export", help="Write what waits to this CSV file, to be filled in.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", help="Take what was filled in from this CSV file.")
    ] = None,
    tenant: Tenant = None,
    early: Early = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Decide what waits for a person, the most valuable first; or see what one of the commands below does.

    Keys: c confirm, e correct, d dismiss, t put into a theme, n name, r release, s skip, u undo, q quit.
    Example: undercurrent review --author ann --dir out/demo
    """
    if context.invoked_subcommand is not None:
        return
    if export is not None and import_ is not None:
        raise WrongUsage("--export and --import: give one of them")
    if export is None and not author.strip():
        raise WrongUsage("--author: say who reviews; it is kept in the journal")
    table = Reviewing(desk(), tenant)
    if export is not None:
        written = write_cases(export, table.cases(early=early), table.name_of)
        if as_json:
            print_json({"file": str(export), "cases": written})
        else:
            _console().print(f"{export}: {count(written, 'case')}")
    elif import_ is not None:
        _import(table, import_, author, dry_run, as_json)
    else:
        _session(table, author, early)


@app.command("ls")
@at_the_desk
def ls(desk: Desk, tenant: Tenant = None, early: Early = False, as_json: AsJson = False) -> None:
    """List what waits: concerns, categories and assignments that are unsure, new themes, proposals, alerts, quarantine.

    The one first of which an answer is worth most. Example: undercurrent review ls --dir out/demo
    """
    cases = Reviewing(desk, tenant).cases(early=early)
    if as_json:
        print_json([case_row(case) for case in cases])
        return
    console = _console()
    for case in cases:
        console.print(case_lines(case))
    if not cases:
        console.print("nothing waits")


@app.command("confirm")
@at_the_desk
def confirm(
    desk: Desk, concern_id: ConcernId, author: Author, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Say that a concern is one and is right as it was decided; or that an uncertain assignment is right.

    Of a new theme: it is one, and is called so. Of a proposal: do it. Of an anomaly: it is real.
    Example: undercurrent review confirm 3f0c… --author ann
    """
    _decide(desk, concern_id, Said("confirm"), author, dry_run, as_json)


@app.command("correct")
@at_the_desk
def correct(
    desk: Desk,
    concern_id: ConcernId,
    author: Author,
    category: Annotated[str | None, typer.Option(help="A category of the taxonomy.")] = None,
    sublabel: Annotated[str | None, typer.Option(help="A sublabel of the category.")] = None,
    severity: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    sentiment: Annotated[str | None, typer.Option(help="negative, neutral or positive.")] = None,
    area: Annotated[str | None, typer.Option(help="A product area of the taxonomy.")] = None,
    bug: Annotated[bool | None, typer.Option("--bug/--no-bug", help="Whether it is about a defect.")] = None,
    request: Annotated[
        bool | None, typer.Option("--request/--no-request", help="Whether something new is wished for.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say what a concern is instead; what is not named stays as it was decided. The local models learn from it.

    Example: undercurrent review correct 3f0c… --category billing --severity high --author ann
    """
    told = {
        "category": category, "sublabel": sublabel, "severity": severity, "sentiment": sentiment,
        "product_area": area, "bug": bug, "feature_request": request,
    }  # fmt: skip
    _decide(desk, concern_id, Said("correct", correction=correction_of(told)), author, dry_run, as_json)


@app.command("dismiss")
@at_the_desk
def dismiss(
    desk: Desk, concern_id: ConcernId, author: Author, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Say that a concern is none (chatter, a test): it is taken out of its theme and stays out.

    Of a new theme: it opens no issue and raises no alert. Of a proposal: never. Of an anomaly: a false alarm.
    Example: undercurrent review dismiss 3f0c… --author ann
    """
    _decide(desk, concern_id, Said("dismiss"), author, dry_run, as_json)


@app.command("assign")
@at_the_desk
def assign(
    desk: Desk,
    concern_id: ConcernId,
    theme: Annotated[str, typer.Argument(help="Theme id, or how it begins.")],
    author: Author,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put a concern into a theme for good; one in review is confirmed by that. A new theme is merged into it.

    Example: undercurrent review assign 3f0c… 9a41 --author ann
    """
    _decide(desk, concern_id, Said("assign", theme=theme), author, dry_run, as_json)


@app.command("rename")
@at_the_desk
def rename(
    desk: Desk,
    theme: Annotated[str, typer.Argument(help="Theme id from review ls.")],
    name: Annotated[str, typer.Argument(help="What it is called from here on.")],
    author: Author,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a new theme its final name; the engine merges and splits it no more, but proposes to.

    Example: undercurrent review rename 9a41… "Charged twice" --author ann
    """
    _decide(desk, theme, Said("rename", name=name), author, dry_run, as_json)


@app.command("release")
@at_the_desk
def release(
    desk: Desk,
    item_id: Annotated[str, typer.Argument(help="Item id from review ls.")],
    author: Author,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that a quarantined item is harmless: it goes on as it came.

    Example: undercurrent review release 9a41… --author ann
    """
    _decide(desk, item_id, Said("release"), author, dry_run, as_json)


app.command("add-class")(add_class)


class Reviewing:
    """A desk with what waits there; everything is read when it is first asked for."""

    def __init__(self, desk: Desk, tenant: str | None = None) -> None:
        self.desk = desk
        self.tenant = tenant
        self.taxonomies = taxonomies_of(desk)
        self._scenes: dict[str, Scene] = {}
        self.answers = Answers(desk.topics, self.taxonomies, self.scene)

    def scene(self, tenant: str) -> Scene:
        """Where everything of a tenant is; read once."""
        if tenant not in self._scenes:
            self._scenes[tenant] = scene_of(self.desk.topics, tenant)
        return self._scenes[tenant]

    def name_of(self, tenant: str, theme: str) -> str:
        """What a theme is called; nothing where it is none any more."""
        record = self.scene(tenant).themes.get(theme)
        return record.label if record else ""

    def cases(self, *, early: bool) -> list[Case]:
        """What waits, by worth."""
        with closing(LocalVault(self.desk.folder / "keys", make=False)) as vault:
            return waiting(self.desk.topics, self.desk.folder, vault, self.tenant, early=early)

    def case(self, name: str, verb: Verb, cases: list[Case], kind: str = "") -> Case:
        """The case of this id, of that kind where there are several.

        A concern need not wait to be corrected, dismissed, assigned. Raises ``WrongUsage``.
        """
        of_id = [case for case in cases if case.id == name]
        found = next((case for case in of_id if case.kind == kind), next(iter(of_id), None))
        if found is None and verb in ("correct", "dismiss", "assign"):
            item = self.answers.item_of(name)
            if self.tenant not in (None, item.tenant):
                raise WrongUsage(f"concern {name} is not one of {self.tenant}")
            return Case("assignment", name, item.tenant, "", item_id=item.item_id, item=item)
        if found is None:
            raise WrongUsage(f"nothing with the id {name} waits; list what does with: undercurrent review ls")
        return found


def _decide(desk: Desk, name: str, said: Said, author: str, dry_run: bool, as_json: bool) -> None:
    """Put what a person says at the journal's end and let the flow act on it."""
    table = Reviewing(desk)
    orders = table.answers.orders(table.case(name, said.verb, table.cases(early=True)), said)
    _give(desk, author, orders, dry_run)
    told = [order.order.verb for order in orders]
    if as_json:
        print_json({"dry_run": dry_run, "id": name, "orders": told})
    else:
        _console().print(f"{'would order' if dry_run else 'ordered'}: {', '.join(told)}")


def _give(desk: Desk, author: str, given: list[Given], dry_run: bool) -> None:
    if given and not dry_run:
        _append(desk, author, given)
        desk.act(Console(stderr=True))


def _append(desk: Desk, author: str, given: list[Given]) -> None:
    """Make orders durable; they are not waited for."""
    with desk.orders() as orders:
        orders.give(author, given)


def _import(table: Reviewing, path: Path, author: str, dry_run: bool, as_json: bool) -> None:
    rows, wrong = read_answers(path)
    cases = table.cases(early=True)
    given: list[Given] = []
    done: list[dict[str, Any]] = []
    told = [{"line": one.line, "id": one.id, "why": one.why} for one in wrong]
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        try:
            orders = _of_row(table, row, cases, lines)
        except (WrongUsage, OrderRefused) as exc:
            told.append({"line": row.line, "id": row.id, "why": str(exc)})
            continue
        given += orders
        done.append({"line": row.line, "id": row.id, "verdict": row.said.verb})
    _give(table.desk, author, given, dry_run)
    told.sort(key=lambda one: int(str(one["line"])))
    if as_json:
        print_json({"dry_run": dry_run, "decided": done, "wrong": told})
    else:
        console = _console()
        for one in told:
            console.print(f"{path}:{one['line']}: {one['why']}")
        console.print(f"{len(done)} {'would be decided' if dry_run else 'decided'}, {len(told)} wrong")
    raise typer.Exit(REJECTED if told else 0)


def _of_row(table: Reviewing, row: Row, cases: list[Case], lines: dict[tuple[str, str], int]) -> list[Given]:
    """The orders of a row; ``lines`` keeps which line decided a case. Raises ``WrongUsage`` and ``OrderRefused``."""
    case = table.case(row.id, row.said.verb, cases, row.kind)
    if (line := lines.get((case.kind, case.id))) is not None:
        raise WrongUsage(f"line {line} decides the same case")
    refuse_unseen(row, case)
    orders = table.answers.orders(case, row.said)
    lines[case.kind, case.id] = row.line
    return orders


def _session(table: Reviewing, author: str, early: bool) -> None:
    """One person's review; what is sent acts once it ends."""
    if not sys.stdin.isatty():
        raise WrongUsage(
            "a review needs a terminal; elsewhere use --export and --import, or review ls and confirm"
        )
    from cli.review_session import Session  # prompt-toolkit takes a moment, which lists and files need not

    console = _console()
    cases = table.cases(early=early)
    send = partial(_append, table.desk, author)
    told = Session(cases, table.answers, table.taxonomies, table.scene, send, console.print).run()
    if told.sent:
        table.desk.act(Console(stderr=True))
    sent = ", ".join(f"{number} {verb}" for verb, number in sorted(told.sent.items())) or "nothing"
    console.print(f"sent: {sent}; skipped: {told.skipped}; waiting: {len(cases) - sum(told.sent.values())}")


def _console() -> Console:
    return Console(soft_wrap=True, markup=False, highlight=False)
