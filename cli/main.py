"""The ``undercurrent`` command: what it offers, and what its exit codes mean.

Exit codes: 0 done, 1 failure, 2 wrong usage, 3 some records were rejected (and where they are is printed),
4 refused: the same command cannot succeed before a person has changed something.
"""

from __future__ import annotations

import sys

import typer

from cli import (
    compare,
    demo,
    dlq,
    doctor,
    drift,
    evaluate,
    events,
    exporter,
    flow,
    generations,
    health,
    joins,
    kafka,
    load,
    naming,
    publish,
    replay,
    review,
    run,
    savepoint,
    schemas,
    themes,
    ticker,
    topics,
    up,
    worker,
)
from cli.complaint import complain
from contracts.errors import (
    BudgetExceeded,
    PipelineError,
    RecoveryRefused,
    RedactionDown,
    StateCorrupt,
    WrongUsage,
)

app = typer.Typer(
    name="undercurrent",
    help="Customer feedback, event by event, into ranked and evidenced engineering work.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("themes")(themes.themes)
app.command("similar")(themes.similar)
app.command("name-themes")(naming.name_themes)
app.add_typer(review.app, name="review")
app.add_typer(dlq.app, name="dlq")
app.add_typer(events.app, name="events")
evaluate.app.command("joins")(joins.joins)
evaluate.app.command("drift")(drift.eval_drift)
app.add_typer(evaluate.app, name="eval")
app.command("flow")(flow.flow)
app.command("rebuild-stage")(flow.rebuild_stage)
app.add_typer(savepoint.app, name="savepoint")
app.command("load")(load.load)
app.command("replay")(replay.replay)
app.command("compare")(compare.compare)
app.command("ticker")(ticker.ticker)
app.command("publish")(publish.publish_topics)
app.command("generations")(generations.generations)
app.command("cutover")(generations.cutover)
app.command("rollback")(generations.rollback)
app.command("up")(up.up)
app.command("exporter")(exporter.exporter)
app.command("lag")(exporter.lag)
app.command("health")(health.health)
app.add_typer(schemas.app, name="schemas")
app.add_typer(topics.app, name="topics")
app.add_typer(kafka.app, name="kafka")
app.command("doctor")(doctor.doctor)
app.command("rebuild")(run.rebuild_directory)
app.command("worker", hidden=True)(worker.worker)

FAILED, WRONG_USAGE, REFUSED = 1, 2, 4


def main() -> None:
    """Run the command; errors of ours are one line that says what to do."""
    try:
        app()
    except WrongUsage as exc:
        complain(exc)
        sys.exit(WRONG_USAGE)
    except (RecoveryRefused, StateCorrupt, BudgetExceeded, RedactionDown) as exc:
        complain(exc)
        sys.exit(REFUSED)
    except PipelineError as exc:
        complain(exc)
        sys.exit(FAILED)
