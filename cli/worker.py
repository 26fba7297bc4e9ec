"""The process that runs the flow over a data directory; ``run`` and ``demo`` start it and watch it.

It lives no longer than who started it, so that a command that was killed can be given again at once. What it
has to say goes to ``worker.log`` in the directory: notices when it starts with less than it could have, and
one line of error when it fails.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.complaint import COMPLAINT
from cli.processes import NOTICE, python_path
from contracts.errors import StopWorker, WrongUsage
from settings import Settings, load_settings
from wiring.appending import Given, embedded_orders
from wiring.datadir import DataDir
from wiring.engine import Running, run_pipeline, tune_process
from wiring.healing import AUTHOR, ENCODER_AWAY, Healer, lacking, watch
from wiring.product import Parts, open_parts, product_pipeline
from wiring.supervising.plan import WRONG_USAGE
from wiring.views.topics import Topics

PARTITIONS = 1
"""Journal partitions of an embedded run: one for every eight tenants, and it has one."""

LOG = "worker.log"


def worker(
    directory: Annotated[Path, typer.Argument(help="Data directory.")],
    follow: Annotated[bool, typer.Option(help="Wait for more at the journal's end.")] = False,
    leashed: Annotated[bool, typer.Option(help="End at once when the standard input is closed.")] = False,
) -> None:
    """Run the flow over the journal of a data directory, from its last snapshot on."""
    settings = load_settings()
    if leashed:
        threading.Thread(target=_end_with_input, name="leash", daemon=True).start()
    parts = open_parts(directory, settings)
    for notice in parts.notices:
        _say(NOTICE + notice.replace("\n", " "))
    tune_process()
    with closing(parts.index):
        _run(directory, parts, settings, follow=follow)


def _run(directory: Path, parts: Parts, settings: Settings, *, follow: bool) -> None:
    """Run to the end, and once more for what keywords stood in for while the encoder was away."""
    healer = _healer(directory, parts)
    how = Running(follow=follow, epoch=timedelta(seconds=settings.epoch_s))
    healer.heal()  # the run before may have ended while the encoder was away
    while not run_pipeline(product_pipeline(parts, PARTITIONS), directory, how).drained and healer.heal():
        pass
    audit = f"index audit: {parts.audit.asked} questions, {parts.audit.disagreements} disagreements"
    _say((NOTICE if parts.audit.disagreements else "") + audit)


def _healer(directory: Path, parts: Parts) -> Healer:
    """Orders what is to be embedded anew; a load that is unfinished comes first."""
    guard, mark = parts.guard, directory / ENCODER_AWAY

    def say(line: str) -> None:
        _say(NOTICE + line)

    def give(given: Sequence[Given]) -> None:
        with embedded_orders(directory, PARTITIONS, lambda: datetime.now(UTC)) as orders:
            orders.give(AUTHOR, given)

    def look() -> list[Given]:
        return lacking(record for _, record in Topics(DataDir(directory).logs).records("enriched"))

    watch(guard, mark, say)
    return Healer(guard, mark, look, give, say, time.monotonic)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - worker.log, which Worker reads


def _end_with_input() -> None:
    """End like a kill -9, which loses nothing, once nobody holds the other end of the standard input."""
    while os.read(0, 4096):
        pass
    os._exit(1)


def going_on(directory: Path) -> str:
    """The command that lets a data directory's flow go on, to be typed as it is."""
    return f"undercurrent run --out {shlex.quote(str(directory))}"


class Worker:
    """A worker that this process started; when this process ends, however, so does the worker."""

    def __init__(self, directory: Path, *, follow: bool = False) -> None:
        self._log = directory / LOG
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        self._shown = 0
        argv = [sys.executable, "-m", "cli", "worker", str(directory), "--leashed"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [*argv, "--follow"] if follow else argv,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": python_path()},
            )

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Let it take its last snapshot and end; wait for that."""
        self._process.terminate()
        self._reap()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._reap()

    def wait(self) -> int:
        """Wait until it ended by itself; its exit status."""
        self._reap()
        return self._process.returncode

    def notices(self) -> list[str]:
        """What it noted since the last look: the operator must see it."""
        noted = [line.removeprefix(NOTICE) for line in self._lines() if line.startswith(NOTICE)]
        fresh, self._shown = noted[self._shown :], len(noted)
        return fresh

    def failure(self) -> WrongUsage | StopWorker:
        """Why it failed: ``WrongUsage`` where a setting or a file does not fit, else ``StopWorker``."""
        kind = WrongUsage if self._process.returncode == WRONG_USAGE else StopWorker
        return kind(self.last_words())

    def last_words(self) -> str:
        """Why it failed, in one line: our own complaint, also if the engine wrote something behind it."""
        lines = self._lines()
        ours = [line.removeprefix(COMPLAINT) for line in lines if line.startswith(COMPLAINT)]
        if ours:
            return f"{ours[-1]} (all of it: {self._log})"
        status = self._process.returncode
        ended = f"was killed by signal {-status}" if status and status < 0 else f"ended with status {status}"
        said = f"; its last words: {lines[-1]}" if lines else ""
        return f"the worker {ended}{said} (all of it: {self._log}); to go on from here: {going_on(self._log.parent)}"

    def _reap(self) -> None:
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _lines(self) -> list[str]:
        """Whole lines that this worker wrote, without those of workers before it."""
        with self._log.open("rb") as log:
            log.seek(self._said_before)
            text = log.read().decode("utf-8", errors="replace")
        return [line for line in text[: text.rfind("\n") + 1].splitlines() if line.strip()]
