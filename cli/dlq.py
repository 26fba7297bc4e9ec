"""``undercurrent dlq``: the dead letters that still wait, what is in one, and what a person orders of them.

``redrive`` and ``drop`` are commands in the journal: they act at their own place in the order, also on replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.door import Desk, OpenDesk, at_a_desk, at_the_desk
from cli.letters import line_of, rate_of, row_of
from cli.printing import print_json
from cli.times import time_of
from connectors.keys.vault import LocalVault
from contracts.commands import DropLetter
from contracts.errors import WrongUsage
from wiring.appending import Given
from wiring.deadletters.audit import Look, note
from wiring.deadletters.letters import Letter, Wanted, dead, named, oldest_first, read_letters
from wiring.deadletters.redriving import Fixed, redrive_of

REJECTED = 3
"""Exit code: what was ordered is done, and some letters are dead again or could not be redriven."""

app = typer.Typer(
    help="Dead letters: list them, look into one, redrive or drop them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Ids = Annotated[list[str] | None, typer.Argument(help="Ids from dlq ls.")]
Reason = Annotated[str | None, typer.Option(help="Only letters with this reason, say poison.")]
Tenant = Annotated[str | None, typer.Option(help="Only this tenant's; nobody's are those that say none.")]
Since = Annotated[
    str | None, typer.Option(help="Only from this time on (2026-03-01, RFC 3339) or age (36h, 7d).")
]
Author = Annotated[str, typer.Option(help="Who orders it; kept in the journal.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be ordered, and order nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("ls")
@at_the_desk
def ls(
    desk: Desk,
    reason: Reason = None,
    tenant: Tenant = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """List the letters that are still dead, and how many there are of each reason.

    Example: undercurrent dlq ls --reason invalid --since 7d
    """
    after = None if since is None else time_of(since, "--since", datetime.now(UTC))
    letters = dead(read_letters(desk.topics), Wanted(tenant, reason, after))
    counts = dict(Counter(letter.record.reason for letter in letters).most_common())
    if as_json:
        print_json({"counts": counts, "letters": [row_of(letter) for letter in letters]})
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for letter in letters:
        console.print(line_of(letter))
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(f"{len(letters)} dead: {told}" if letters else "no dead letters")


@app.command("show")
@at_a_desk
def show(
    desk: OpenDesk,
    letter_id: Annotated[str, typer.Argument(help="Id from dlq ls.")],
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Open what is sealed; this is written down.")
    ] = False,
    author: Annotated[str, typer.Option(help="Who looks; needed to reveal.")] = "",
    why: Annotated[str, typer.Option("--reason-text", help="Why; needed to reveal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell where a letter came from and why it is dead; what came only with --reveal, which is noted with your name.

    Example: undercurrent dlq show 0-12-intake-0 --reveal --author ann --reason-text "ticket 4711"
    """
    if reveal and not (author.strip() and why.strip()):
        raise WrongUsage(
            "--reveal shows a person's words: say who looks and why with --author and --reason-text"
        )
    opened = desk()
    letter = next((one for one in read_letters(opened.topics) if one.id == letter_id), None)
    if letter is None:
        raise WrongUsage(f"no dead letter {letter_id}; list them with: undercurrent dlq ls")
    row = row_of(letter) | {"state": letter.state}
    if reveal:
        row["content"] = _revealed(opened, letter, author, why)
    if as_json:
        print_json(row)
        return
    console = Console(soft_wrap=True, markup=False, highlight=False)
    for name, value in row.items():
        if name == "content" or value is not None:
            console.print(f"{name:>16}  {'(its key was destroyed)' if value is None else value}")


@app.command("redrive")
@at_a_desk
def redrive(
    desk: OpenDesk,
    author: Author,
    ids: Ids = None,
    reason: Reason = None,
    tenant: Annotated[
        str | None, typer.Option(help="Only this tenant's; with --fixed whose it is, where nobody can tell.")
    ] = None,
    fixed: Annotated[Path | None, typer.Option(help="JSON file: a corrected body, for one letter.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the oldest first.")] = None,
    rate: Annotated[str | None, typer.Option(help="At most so many a second, say 20/s.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Try letters again: named ones, or all with a reason. Each takes a new place in the order, and counts once.

    Exit code 3: some could not be redriven, or are dead again.

    Example: undercurrent dlq redrive --reason poison --author ann --limit 1
    """
    if not ids and reason is None:
        raise WrongUsage("name letters, or all with a reason: undercurrent dlq redrive --reason R --author A")
    if fixed is not None and len(ids or []) != 1:
        raise WrongUsage("--fixed corrects one letter: name it by its id")
    per_s = rate_of(rate)
    opened = desk()
    letters = read_letters(opened.topics)
    body = None if fixed is None else Fixed(_bytes_of(fixed), tenant)
    wanted = Wanted(None if body else tenant, reason)
    meant = oldest_first(dead(named(letters, ids) if ids else letters, wanted))[:limit]
    with opened.orders() as orders:
        now = datetime.now(UTC)
        given, skipped = _orders(
            meant, lambda letter: redrive_of(letter, orders.vault, now, body), strict=bool(body)
        )
        if given and not dry_run:
            orders.give(author, list(given.values()), per_s)
    console = Console(stderr=as_json, soft_wrap=True, markup=False, highlight=False)
    again = opened.dead_again(letters, console) if given and not dry_run else []
    done = {"redriven": list(given), "skipped": skipped, "dead_again": again, "dry_run": dry_run}
    if as_json:
        print_json(done)
    else:
        _tell_redriven(console, done)
    raise typer.Exit(REJECTED if skipped or again else 0)


@app.command("drop")
@at_a_desk
def drop(
    desk: OpenDesk,
    ids: Annotated[list[str], typer.Argument(help="Ids from dlq ls.")],
    author: Author,
    why: Annotated[str, typer.Option(help="Why; kept in the journal. No personal data.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give letters up for good: an item of which nothing else stands counts as filtered, by you and for this reason.

    Example: undercurrent dlq drop 0-12-intake-0 --author ann --why "a test record of the vendor"
    """
    if not why.strip():
        raise WrongUsage("--why: say why; it is kept in the journal")
    opened = desk()
    given = [_drop_of(letter, why) for letter in named(read_letters(opened.topics), ids)]
    console = Console(stderr=as_json, soft_wrap=True, markup=False, highlight=False)
    if not dry_run:
        with opened.orders() as orders:
            orders.give(author, given)
        opened.act(console)
    if as_json:
        print_json({"dropped": ids, "dry_run": dry_run})
    else:
        console.print(f"{'would drop' if dry_run else 'dropped'}: {', '.join(ids)}")


def _revealed(desk: Desk, letter: Letter, author: str, why: str) -> str | None:
    """What came, None where its key was destroyed. The look is on disk before this returns."""
    with closing(LocalVault(desk.folder / "keys", make=False)) as vault:
        at = datetime.now(UTC).isoformat()
        note(desk.folder, Look(at, author, why, "dlq.reveal", letter.record.tenant, letter.id))
        opened = vault.open(letter.record.tenant, letter.record.original)
    return None if opened is None else opened.decode("utf-8", "backslashreplace")


def _orders(
    letters: Sequence[Letter], order: Callable[[Letter], Given], *, strict: bool
) -> tuple[dict[str, Given], list[dict[str, str]]]:
    """The order for each letter by its id; and those for which there is none, with why (raised if ``strict``)."""
    given: dict[str, Given] = {}
    skipped = []
    for letter in letters:
        try:
            given[letter.id] = order(letter)
        except WrongUsage as exc:
            if strict:
                raise
            skipped.append({"id": letter.id, "why": str(exc)})
    return given, skipped


def _drop_of(letter: Letter, why: str) -> Given:
    order = DropLetter(letter=letter.id, item_id=letter.record.item_id, why=why)
    return Given(letter.record.tenant, order)


def _tell_redriven(console: Console, done: dict[str, Any]) -> None:
    verb = "would redrive" if done["dry_run"] else "redriven"
    console.print(f"{verb}: {', '.join(done['redriven']) or 'nothing'}")
    for skipped in done["skipped"]:
        console.print(f"left: {skipped['why']}")
    if done["dead_again"]:
        console.print(f"dead again: {', '.join(done['dead_again'])}")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise WrongUsage(f"--fixed {path}: {exc.strerror or exc}") from exc
