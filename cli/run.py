"""``undercurrent run``: a file of feedback in, ranked themes and issues out; resumable at any moment."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.complaint import STOPPED, notify
from cli.report import write_report
from cli.tables import issues_table, outcomes_table, rejects_table, themes_table
from cli.watching import Progress as Watching
from cli.worker import PARTITIONS, Worker, going_on
from connectors.jsonl.log import JsonlLog
from connectors.keys.vault import LocalVault
from contracts.errors import WrongUsage
from contracts.identity import partition
from contracts.priority import LinearIssue, Priority
from flows.stages import JOURNAL
from settings import load_settings
from wiring.appending import WAIT_S
from wiring.datadir import DataDir
from wiring.history import History
from wiring.loads import LoadBook
from wiring.recovery import rebuild
from wiring.views import RunView, ThemeView, read_run
from wiring.views.topics import Topics

REJECTED = 3
"""Exit code: the run is done, and some records were rejected."""

POLL_S = 0.25
PLAIN_EVERY_S = 10.0
TASK = "themes and priorities"
SHOWN_REJECTS = 10


def run(
    out: Annotated[
        Path, typer.Option("--out", help="Data directory; the same one resumes or adds to a run.")
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="Feedback: .csv or .jsonl, or the same with .gz; without it what came already goes on.",
        ),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="field=column pairs, say text=comment,rating=stars.")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(help="Customer list with the columns account,tier,mrr.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Turn a file of feedback, or what `serve` and `upload` brought, into ranked themes, issues and a report.

    Example: undercurrent run --input reviews.csv --map text=comment,rating=stars --out out/reviews
    """
    console = Console(stderr=as_json)
    settings = load_settings()
    if source is None:
        total = what_came(out, mapping, customers)
    else:
        out.mkdir(parents=True, exist_ok=True)
        total = load_file(out, settings.tenant, source, mapping, customers, console)
    finish(out, total, console)
    view = read_run(out, settings.tenant)
    report = out / "report.html"
    write_report(view, report)
    if as_json:
        sys.stdout.write(summary_json(view, report) + "\n")
    else:
        show(view, report, console)
    raise typer.Exit(REJECTED if view.rejects else 0)


def what_came(out: Path, mapping: str | None, customers: Path | None) -> int:
    """The records of a journal to which no file is added. Raises ``WrongUsage``."""
    if mapping or customers:
        raise WrongUsage("--map and --customers: give the file with --input, too")
    if not DataDir(out).journal.exists():
        raise WrongUsage(f"{out}: nothing came here yet; give a file with --input")
    return sum(1 for _ in Topics(DataDir(out).logs).lines(JOURNAL))


def load_file(
    out: Path, tenant: str, source: Path, mapping: str | None, customers: Path | None, console: Console
) -> int:
    """Bring the file into the journal; the number of records that the journal then holds."""
    vault = LocalVault(out / "keys")
    place = partition(tenant, PARTITIONS)
    try:
        with JsonlLog(DataDir(out).journal, PARTITIONS, wait_s=WAIT_S) as journal:
            history = History(tenant, place, journal, vault, LoadBook(out))
            with console.status(f"reading {source.name}") as status:
                appended = history.load(
                    source,
                    mapping=mapping,
                    customers=customers,
                    now=datetime.now(UTC),
                    progress=lambda n: status.update(f"reading {source.name}: {n} journal records"),
                )
            console.print(
                f"{source.name}: {appended} journal records appended (feedback and hourly ticks)",
                markup=False,
            )
            return journal.count(place)
    finally:
        vault.close()


def finish(out: Path, total: int, console: Console) -> None:
    """Run the flow to the journal's end and show how far it is. Raises what the worker fails with.

    ``WrongUsage`` for a setting or a file that does not fit, else ``StopWorker``.
    """
    worker = Worker(out)
    try:
        _follow(worker, Watching(out), total, console)
    except KeyboardInterrupt:
        worker.stop()
        # Whoever gave an order would give it twice if told to give the same command again.
        console.print(
            f"stopped; what is in the journal stands, and acts with: {going_on(out)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(STOPPED) from None
    if worker.wait() != 0:
        raise worker.failure()


def _follow(worker: Worker, watching: Watching, total: int, console: Console) -> None:
    """Show the worker's notices and how far it is until it ends: a bar on a terminal, else a line now and then."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    told = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(TASK, total=total)
        while True:
            ended = worker.poll() is not None
            notify(console, worker.notices())
            progress.update(task, completed=watching.records())
            if ended:
                return
            if not console.is_terminal and time.monotonic() - told > PLAIN_EVERY_S:
                told = time.monotonic()
                console.print(f"{TASK}: {watching.records()} of {total} records")
            time.sleep(POLL_S)


def show(view: RunView, report: Path, console: Console) -> None:
    """The ranked themes, the issues, what became of every item, and where the report is."""
    if view.themes:
        console.print(themes_table(view, 10, width=console.width))
    else:
        console.print(
            "no theme yet: one takes at least 3 concerns that are alike" if view.items else "no items came"
        )
    if view.issues:
        console.print(issues_table(view, width=console.width))
    console.print(outcomes_table(view))
    if view.rejects:
        console.print(rejects_table(view, SHOWN_REJECTS))
    console.print(f"report: {report}", markup=False, highlight=False, soft_wrap=True)


def summary_json(view: RunView, report: Path) -> str:
    """The result for programs: counts, themes, issues and every reject."""
    result = {
        "items": len(view.items),
        "outcomes": view.outcomes,
        "deliveries": view.deliveries,
        "themes": [theme_row(theme) for theme in view.themes],
        "issues": [
            {
                "issue_id": i.issue_id,
                "title": i.title,
                "priority": i.priority,
                "at": i.event_time,
                "rule": i.rule,
                **action_of(i),
            }
            for i in view.issues
        ],
        "rejects": [
            {"origin": r.origin, "line": r.line, "field": r.field, "reason": r.reason, "message": r.message}
            for r in view.rejects
        ],
        "report": str(report),
    }
    return orjson.dumps(result, option=orjson.OPT_INDENT_2, default=dict).decode()


def theme_row(theme: ThemeView) -> dict[str, object]:
    """One theme for programs."""
    return {
        "rank": theme.rank,
        "theme_id": theme.theme_id,
        "label": theme.label,
        "family": theme.family,
        "impact": round(theme.effective_impact, 1),
        "impact_scored": round(theme.priority.impact, 1) if theme.priority else None,
        "last_seen": theme.last_seen,
        "concerns": theme.concerns,
        "accounts": theme.accounts,
        "language": theme.language,
        "trend": theme.trend,
        "why": theme.priority.why if theme.priority else None,
        **action_of(theme.priority),
    }


def action_of(record: Priority | LinearIssue | None) -> dict[str, str | None]:
    """What the decision matrix suggests, for programs."""
    names = ("action", "action_rule", "action_owner")
    return {name: getattr(record, name) if record else None for name in names}


def rebuild_directory(
    directory: Annotated[Path, typer.Argument(help="Data directory.")],
) -> None:
    """Drop state and outputs and keep the journal; the next run makes them again from it.

    Example: undercurrent rebuild out/reviews
    """
    rebuild(directory)
    Console().print(f"{directory}: the next run starts from the beginning of the journal")
