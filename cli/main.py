"""The ``undercurrent`` command: what it offers, and what its exit codes mean.

Exit codes: 0 done, 1 failure, 2 wrong usage, 3 some records were rejected (and where they are is printed),
4 refused: the same command cannot succeed before a person has changed something, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer

from cli.complaint import STOPPED, complain
from cli.extras import lacking
from contracts.errors import (
    BudgetExceeded,
    OrderRefused,
    PipelineError,
    RecoveryRefused,
    RedactionDown,
    StateCorrupt,
    WrongUsage,
)

COMMANDS = {
    "demo": "cli.demo:demo",
    "run": "cli.run:run",
    "themes": "cli.steer:app",
    "similar": "cli.themes:similar",
    "name-themes": "cli.naming:name_themes",
    "label": "cli.label:label_directory",
    "labeller": "cli.labeller:labeller",
    "review": "cli.review:app",
    "dlq": "cli.dlq:app",
    "events": "cli.events:app",
    "erase": "cli.erase:erase",
    "signals": "cli.signals:signals",
    "issues": "cli.issues:issue_list",
    "models": "cli.models:app",
    "eval": "cli.measure:app",
    "flow": "cli.flow:flow",
    "rebuild-stage": "cli.flow:rebuild_stage",
    "savepoint": "cli.savepoint:app",
    "load": "cli.load:load",
    "poll": "cli.poll:poll",
    "upload": "cli.upload:upload_file",
    "watch": "cli.upload:watch",
    "feeder": "cli.feeder:feeder",
    "cdc": "cli.cdc:cdc",
    "sources": "cli.sources:sources",
    "replay": "cli.replay:replay",
    "compare": "cli.compare:compare",
    "ticker": "cli.ticker:ticker",
    "edge": "cli.edge:edge",
    "dispatch": "cli.dispatch:dispatch",
    "outbox": "cli.outbox:app",
    "serve": "cli.serve:serve",
    "keys": "cli.keys:app",
    "publish": "cli.publish:publish_topics",
    "generations": "cli.generations:generations",
    "cutover": "cli.generations:cutover",
    "rollback": "cli.generations:rollback",
    "up": "cli.up:up",
    "exporter": "cli.exporter:exporter",
    "lag": "cli.exporter:lag",
    "health": "cli.health:health",
    "schemas": "cli.schemas:app",
    "topics": "cli.topics:app",
    "kafka": "cli.kafka:app",
    "doctor": "cli.doctor:doctor",
    "rebuild": "cli.run:rebuild_directory",
    "worker": "cli.worker:worker",
}
"""Name of a command, and where it is: a function, or an app with commands of its own."""

HIDDEN = ("worker",)

FAILED, WRONG_USAGE, REFUSED = 1, 2, 4

_UNFIT_PATH = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
"""What the system says of a path that a person named, where a folder is wanted and a file is there, or the like."""

_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)


def command_line(argv: Sequence[str] = ()) -> typer.Typer:
    """The commands; only the one that ``argv`` names, if it does.

    All of their imports take seconds, which a stage that starts again does not have.
    """
    app = typer.Typer(
        name="undercurrent",
        help="Customer feedback, event by event, into ranked and evidenced engineering work.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)  # a single command would else be the whole program
    wanted = argv[0] if argv and argv[0] in COMMANDS else None
    for name, place in COMMANDS.items():
        if wanted in (None, name):
            try:
                found = _found(place)
            except ModuleNotFoundError as exc:
                if wanted is not None or (told := lacking(exc)) is None:
                    raise
                app.command(name, hidden=name in HIDDEN, help=f"Not here: {told}.")(lambda: None)
                continue
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name)
            else:
                app.command(name, hidden=name in HIDDEN)(found)
    return app


def _found(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def main() -> None:
    """Run the command; errors of ours are one line that says what to do, a missing extra one that names it.

    What is printed, and what is piped in, is UTF-8 in every locale: JSON is nothing else, and names of themes are in
    any language.
    """
    try:
        _speak_utf8()
        _refuse_other_bytes(sys.argv[1:])
        try:
            command_line(sys.argv[1:])()
        finally:
            sys.stdout.flush()  # a disk that takes no more of it is told here, not behind our back
    except WrongUsage as exc:
        complain(exc)
        sys.exit(WRONG_USAGE)
    except (OrderRefused, RecoveryRefused, StateCorrupt, BudgetExceeded, RedactionDown) as exc:
        complain(exc)
        sys.exit(REFUSED)
    except KeyboardInterrupt:  # while the command was still being loaded
        sys.exit(STOPPED)
    except PipelineError as exc:
        complain(exc)
        sys.exit(FAILED)
    except OSError as exc:
        sys.exit(_of_the_system(exc))
    except ModuleNotFoundError as exc:
        if (told := lacking(exc)) is None:
            raise
        complain(WrongUsage(told))
        sys.exit(REFUSED)


def _speak_utf8() -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                encoding="utf-8", errors="strict" if stream is sys.stdin else "backslashreplace"
            )
    if sys.stdout is None:  # it was closed: whoever started us wants to hear nothing
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends


def _refuse_other_bytes(argv: Sequence[str]) -> None:
    """Raises ``WrongUsage`` for what no record could hold; it may be a person's name, and is not repeated."""
    for number, word in enumerate(argv, 1):
        try:
            word.encode()
        except UnicodeEncodeError:
            raise WrongUsage(
                f"argument {number} is not UTF-8; type it in UTF-8, or rename the file that it names"
            ) from None


def _of_the_system(exc: OSError) -> int:
    """Say what the system refuses, where a person can change it; the exit code. Raises what is a defect of ours."""
    if isinstance(exc, _UNFIT_PATH) or exc.errno == errno.EROFS:
        if exc.filename is None:
            raise exc
        complain(WrongUsage(f"{exc.filename}: {exc.strerror}; name another path, or change what is there"))
        return WRONG_USAGE
    if exc.errno not in (*_DISK_IS_FULL, errno.EPIPE):
        raise exc
    try:
        sys.stdout.flush()
    except OSError:  # it was the output itself: what is left of it goes nowhere
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if exc.errno != errno.EPIPE:  # who reads no more need not be told so
        where = f"{exc.filename}: " if exc.filename else ""
        complain(PipelineError(f"{where}{exc.strerror}; free space, then give the same command again"))
    return FAILED
