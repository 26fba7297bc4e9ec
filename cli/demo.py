"""``undercurrent demo``: sixty days of an imaginary product's feedback in about a minute, live.

The sample is made from a seed and has stories planted in it; at the end the outcome is held against them.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.live import Show
from cli.report import write_report
from cli.run import SHOWN_REJECTS
from cli.tables import issues_table, outcomes_table, rejects_table, themes_table
from cli.verdict import outcome_of
from contracts.errors import WrongUsage
from demo.sample import generate
from demo.truth import Finding, check
from demo.write import write_customers, write_input, write_labelled
from settings import load_settings
from wiring.views import read_run

MARK = "demo-seed"
"""File that says that a directory was made by the demo, so that it may be made anew."""


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Data directory; a former demo there is replaced.")
    ] = Path("out/demo"),
    seed: Annotated[int, typer.Option(help="Another seed, another sample.")] = 1,
    kill: Annotated[
        int, typer.Option(min=0, max=50, help="Kill the worker this often and let it resume.")
    ] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds that the sixty days take.")] = 40.0,
    labelled: Annotated[
        Path | None, typer.Option("--write-labelled", help="Only write the sample with its truth, for eval.")
    ] = None,
) -> None:
    """Watch feedback become ranked themes and issues, and check the outcome against what was planted.

    Example: undercurrent demo --seed 2 --kill 3
    """
    console = Console()
    sample = generate(seed)
    if labelled is not None:
        count = write_labelled(sample, labelled)
        console.print(f"{count} items with their truth: {labelled}", markup=False, highlight=False)
        return
    fresh_directory(out, seed)
    write_input(sample, out / "feedback.jsonl")
    write_customers(sample, out / "customers.csv")
    console.print(
        f"{len(sample.deliveries)} deliveries from six sources over 60 days, seed {seed}: {out}/feedback.jsonl",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    tenant = load_settings().tenant
    Show(out, tenant, sample, console, kills=kill, seconds=seconds).play()
    view = read_run(out, tenant)
    report = out / "report.html"
    write_report(view, report)
    console.print(themes_table(view, 10, width=console.width))
    console.print(issues_table(view, width=console.width))
    console.print(outcomes_table(view))
    console.print(rejects_table(view, SHOWN_REJECTS))
    findings = check(sample, outcome_of(view, sample, out, tenant))
    console.print(findings_table(findings))
    console.print(f"report: {report.resolve()}", markup=False, highlight=False, soft_wrap=True)
    suggest(console, out)
    raise typer.Exit(0 if all(finding.ok for finding in findings) and not view.violations else 1)


def fresh_directory(out: Path, seed: int) -> None:
    """Make the directory anew. Raises ``WrongUsage`` when something else than a demo is there."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).exists():
            raise WrongUsage(f"{out} holds something that no demo made; choose another --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text(f"{seed}\n", encoding="utf-8")


def findings_table(findings: list[Finding]) -> Table:
    """What was planted, what was found."""
    table = Table(title="Truth check: what was planted against what was found", title_justify="left")
    for column in ("", "planted", "measured", "wanted"):
        table.add_column(column)
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missed[/]"
        table.add_row(mark, finding.name, finding.measured, finding.wanted)
    return table


def suggest(console: Console, out: Path) -> None:
    """Three commands to try next."""
    console.print("Try next:")
    here = shlex.quote(str(out))
    for command in (
        f'undercurrent similar "the customer was billed two times" --dir {here}',
        f"undercurrent demo --seed 2 --kill 3 --out {here}",
        "undercurrent run --input YOUR.csv --map text=COLUMN --out out/mine",
    ):
        console.print(f"  .venv/bin/{command}", markup=False, highlight=False, soft_wrap=True)
